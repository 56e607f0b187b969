"""What is in a TFLite file: weights, multiply-adds, memory; and the same without an output."""

from collections.abc import Iterable
from functools import cached_property
from math import prod
from typing import Any

import flatbuffers
import msgspec
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from car.errors import PilotError

WEIGHED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}
"""Operations that have weights; the first input is none: an image, or the shape to make."""
BYTES_EACH = {"FLOAT32": 4, "FLOAT16": 2, "INT32": 4, "INT64": 8, "UINT8": 1, "INT8": 1, "BOOL": 1}

_OPERATIONS = {number: name for name, number in vars(schema.BuiltinOperator).items()}
_TYPES = {number: name for name, number in vars(schema.TensorType).items()}


class NetworkFacts(msgspec.Struct, frozen=True):
    """What a network holds and does, whatever runs it.

    Attributes:
        file_bytes: of the flatbuffer.
        parameters: weights and biases.
        multiply_adds: of one decision.
        activation_bytes: the most that lies between operations at any moment, done in the order of
            the file; a runtime that fuses operations, or unfolds them, takes less or more.
        operations: how many.
    """

    file_bytes: int
    parameters: int
    multiply_adds: int
    activation_bytes: int
    operations: int


class Network:
    """A TFLite file, taken apart."""

    def __init__(self, flatbuffer: bytes) -> None:
        """Take it apart.

        Args:
            flatbuffer: a model with one subgraph.

        Raises:
            PilotError: it is not a TFLite model.
        """
        if flatbuffer[4:8] != b"TFL3":
            raise PilotError("not a TFLite network: its bytes 4 to 7 are not TFL3")
        self._flatbuffer = flatbuffer
        self._model: Any = schema.ModelT.InitFromPackedBuf(flatbuffer, 0)
        self._graph: Any = self._model.subgraphs[0]

    @cached_property
    def facts(self) -> NetworkFacts:
        """Count."""
        return NetworkFacts(
            file_bytes=len(self._flatbuffer),
            parameters=self._parameters(),
            multiply_adds=sum(self._multiply_adds(each) for each in self._graph.operators),
            activation_bytes=self._activation_bytes(),
            operations=len(self._graph.operators),
        )

    @property
    def outputs(self) -> list[str]:
        """Their names in the signature."""
        return [each.name.decode() for each in self._signature.outputs]

    def without(self, output: str) -> bytes:
        """The same network without an output, and without all that only it needs.

        Raises:
            PilotError: there is no such output, or no other.
        """
        if output not in self.outputs or len(self.outputs) < 2:
            raise PilotError(f"the network has no output {output} to spare: {self.outputs}")
        cut = Network(self._flatbuffer)
        signature, graph = cut._signature, cut._graph
        signature.outputs = [each for each in signature.outputs if each.name != output.encode()]
        staying = {each.tensorIndex for each in signature.outputs}
        graph.outputs = np.array([each for each in graph.outputs if each in staying], np.int32)
        graph.operators = _needed(graph.operators, graph.outputs)
        cut._forget_unused()
        return cut.packed()

    def packed(self) -> bytes:
        """The model as a file."""
        builder = flatbuffers.Builder(len(self._flatbuffer))
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    @property
    def _signature(self) -> Any:
        for each in self._model.signatureDefs or []:
            if each.signatureKey == b"serving_default":
                return each
        raise PilotError("the network has no signature serving_default")

    def _forget_unused(self) -> None:
        """Empty the constants that no operation reads any more."""
        graph = self._graph
        used = {0, *(each.buffer for each in self._model.metadata or [])}
        for operation in graph.operators:
            for index in (*_places(operation.inputs), *_places(operation.outputs)):
                used.add(graph.tensors[index].buffer)
        for number, buffer in enumerate(self._model.buffers):
            if number not in used:
                buffer.data = None

    def _name(self, operation: Any) -> str:
        code = self._model.operatorCodes[operation.opcodeIndex]
        return str(_OPERATIONS[max(code.builtinCode, code.deprecatedBuiltinCode)])

    def _shape(self, index: int) -> list[int]:
        shape = self._graph.tensors[index].shape
        return [] if shape is None else [int(each) for each in shape]

    def _parameters(self) -> int:
        held = {
            index
            for each in self._graph.operators
            if self._name(each) in WEIGHED
            for index in _places(each.inputs[1:])
            if self._is_constant(index)
        }
        return sum(prod(self._shape(index)) for index in held)

    def _is_constant(self, index: int) -> bool:
        data = self._model.buffers[self._graph.tensors[index].buffer].data
        return data is not None and len(data) > 0

    def _multiply_adds(self, operation: Any) -> int:
        name = self._name(operation)
        if name not in WEIGHED:
            return 0
        weights = self._shape(operation.inputs[1])
        if name == "TRANSPOSE_CONV":  # each input value meets every weight of its channel
            return prod(self._shape(operation.inputs[2])[:3]) * prod(weights)
        given = self._shape(operation.outputs[0])
        if name == "FULLY_CONNECTED":
            return prod(given[:-1]) * prod(weights)
        return prod(given) * prod(weights[1 : 3 if name == "DEPTHWISE_CONV_2D" else 4])

    def _activation_bytes(self) -> int:
        """The most that is alive during any operation."""
        last: dict[int, int] = {}
        first: dict[int, int] = {int(each): 0 for each in self._graph.inputs}
        for place, operation in enumerate(self._graph.operators):
            for index in (*_places(operation.inputs), *_places(operation.outputs)):
                if not self._is_constant(index):
                    first.setdefault(index, place)
                    last[index] = place
        for index in self._graph.outputs:
            last[int(index)] = len(self._graph.operators)
        sizes = {index: self._bytes(index) for index in last}
        return max(
            sum(size for index, size in sizes.items() if first[index] <= place <= last[index])
            for place in range(len(self._graph.operators))
        )

    def _bytes(self, index: int) -> int:
        kind = _TYPES[self._graph.tensors[index].type]
        return prod(self._shape(index)) * BYTES_EACH.get(kind, 4)


def _places(indices: Iterable[int] | None) -> list[int]:
    """Tensors that are there; -1 is an input left out."""
    return [int(each) for each in (() if indices is None else indices) if each >= 0]


def _needed(operations: list[Any], outputs: Iterable[int]) -> list[Any]:
    """The operations that the outputs come from, in order."""
    wanted, needed = {int(each) for each in outputs}, []
    for operation in reversed(operations):
        if wanted.intersection(_places(operation.outputs)):
            wanted.update(_places(operation.inputs))
            needed.append(operation)
    return needed[::-1]
