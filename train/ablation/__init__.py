"""What each part of the recipe is worth: trainings with equal budgets, one part left out."""
