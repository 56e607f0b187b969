"""The float network of a pilot as a pilot file of its own: same graph, same runtime, no int8."""

import hashlib
import tempfile
from pathlib import Path

import keras
import msgspec

from car.errors import PilotError
from car.pilots.card import append_card, read_card
from train.learning.export import run_converter
from train.learning.network import build_for_car
from tubs.atomic import written_whole

SOURCE = "float_network_sha256"
"""In the recipe on its card: which NAME.keras it was made of."""


def float_pilot(pilot: Path, network: Path, out: Path) -> Path:
    """Write the float network as a pilot that takes the camera's bytes, or keep the one there is.

    Args:
        pilot: NAME.tflite, whose card it gets.
        network: NAME.keras, as `keep_float` wrote it.
        out: where to write.

    Raises:
        PilotError: pilot or network cannot be used.
        TrainError: the converter failed.
        OutputError: it cannot be written.
    """
    card, source = read_card(pilot), _sha256(network)
    if out.is_file() and read_card(out).recipe.get(SOURCE) == source:
        return out
    model = _for_bytes(network, card.height_px, card.width_px)
    recipe = {**card.recipe, SOURCE: source}
    with tempfile.TemporaryDirectory(prefix="everlap-") as folder, written_whole(out) as draft:
        saved = Path(folder) / "model"
        model.export(str(saved), verbose=False)
        run_converter(saved, draft)
        append_card(draft, msgspec.structs.replace(card, recipe=recipe, scores_int8=None))
    return out


def _for_bytes(network: Path, height_px: int, width_px: int) -> keras.Model:
    """The network as it drives, but for the type of its numbers."""
    try:
        learned = keras.models.load_model(network, compile=False)
        driving = build_for_car(learned, height_px, width_px, 0.0, 1.0)
    except (OSError, ValueError, KeyError, TypeError) as error:
        first = (str(error).splitlines() or ["no reason given"])[0]
        raise PilotError(f"{network} is not the float network of this pilot: {first}") from error
    image = keras.Input(batch_shape=(1, height_px, width_px, 3), dtype="uint8", name="image")
    return keras.Model(image, driving(keras.ops.cast(image, "float32")))


def _sha256(network: Path) -> str:
    try:
        return hashlib.sha256(network.read_bytes()).hexdigest()
    except OSError as error:
        raise PilotError(
            f"cannot read the float network {network}: {error.strerror}; training leaves it beside "
            "NAME.tflite, --network names another place"
        ) from error
