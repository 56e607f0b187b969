"""When the steps of a training ended, and how many images a second that makes."""

import msgspec

from train.errors import DatasetError


class EpochTimes(msgspec.Struct):
    """One epoch, seconds of any clock.

    Attributes:
        steps_s: when each of its steps had ended.
        ended_s: when all of it had: held-out records looked at, the best weights kept.
    """

    steps_s: list[float]
    ended_s: float


class StepTimes(msgspec.Struct):
    """A short training. Its first epoch never counts: graphs are built and caches filled.

    Attributes:
        batch: images in a step.
        epochs: at least two.
        peak_bytes: the most memory that its process had, shared pages of files too.
    """

    batch: int
    epochs: list[EpochTimes]
    peak_bytes: int

    @property
    def images_per_s(self) -> float:
        """While steps follow each other.

        Raises:
            DatasetError: too short to tell.
        """
        self._check()
        later = [each.steps_s for each in self.epochs[1:]]
        spent_s = sum(steps[-1] - steps[0] for steps in later)
        return self.batch * sum(len(steps) - 1 for steps in later) / spent_s

    @property
    def whole_images_per_s(self) -> float:
        """From the end of an epoch to the end of the next, with all that lies between.

        Raises:
            DatasetError: too short to tell.
        """
        self._check()
        steps = sum(len(each.steps_s) for each in self.epochs[1:])
        return self.batch * steps / (self.epochs[-1].ended_s - self.epochs[0].ended_s)

    def _check(self) -> None:
        counts = [len(each.steps_s) for each in self.epochs]
        if len(counts) < 2 or min(counts[1:]) < 2:
            raise DatasetError(
                f"a training of {counts} steps, one number an epoch, is too short to be timed: "
                "name a longer --tub, at least 500 records"
            )
