"""Where the output layer of a traced network begins."""

from torch import fx, nn

from sktl.backbones._flow import Flow
from sktl.backbones._record import Record

__all__ = ["find_end", "open_output_layer"]

# What may come between an output layer and the output, by the name of the function, method or module.
_AFTER = (
    *("add", "div", "mul", "truediv", "flatten", "squeeze", "view"),
    *("dropout", "identity", "log_softmax", "logsoftmax", "sigmoid", "softmax"),
)


def find_end(flow: Flow) -> fx.Node | None:
    """Return the last cut from which each way to the output leads through one linear layer, and little after it.

    None where there is no such cut: then the network ends with something else.
    """
    for cut in reversed(flow.cuts[:-1]):
        tail = flow.between(cut, flow.result)
        if any(isinstance(flow.attribute(node), nn.Linear) for node in tail):
            return cut if _is_output_layer(flow, cut, tail) else None
        if not all(_is_harmless(flow, node) for node in tail):
            return None
    return None


def open_output_layer(record: Record) -> Record:
    """Return a record that shows the output layer as a step of its own, or the same record where there is none."""
    current: Record | None = record
    while current is not None:
        if find_end(current.flow) is not None:
            return current
        current = current.open(_last_modules(current.flow))
    return record


def _is_output_layer(flow: Flow, cut: fx.Node, tail: list[fx.Node]) -> bool:
    passed = {cut: {0}}  # the numbers of linear layers on the ways to a step
    for node in tail:
        before = set().union(*(passed.get(source, set()) for source in node.all_input_nodes))
        if isinstance(flow.attribute(node), nn.Linear):
            before = {count + 1 for count in before}
        elif flow.is_layer(node) or (before - {0} and not _is_harmless(flow, node)):
            return False
        passed[node] = before
    return passed[flow.result] == {1}


def _is_harmless(flow: Flow, node: fx.Node) -> bool:
    value = flow.attribute(node)
    if isinstance(value, nn.Module):
        return type(value).__name__.lower() in _AFTER
    return getattr(node.target, "__name__", node.target) in _AFTER


def _last_modules(flow: Flow) -> list[str]:
    """Return the modules with a linear layer inside that the output comes from, but for harmless steps."""
    found = []
    open_nodes = [flow.result]
    while open_nodes:
        node = open_nodes.pop()
        value = flow.attribute(node)
        if isinstance(value, nn.Module) and any(isinstance(child, nn.Linear) for child in value.modules()):
            found.append(str(node.target).partition(".")[2])
        elif _is_harmless(flow, node):
            open_nodes.extend(node.all_input_nodes)
    return found
