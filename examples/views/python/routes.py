"""Turns raw paths into route templates, and status codes into classes; see the README."""

import json
import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.lifecycle import PluginInfo, Problem
from wit_world.exports.views import Aggregation_Default, AttributeRule_Computed, StreamSpec
from wit_world.imports.types import Attribute, Instrument, Value_Int, Value_Text

# The point rule of every stream.
ROUTES = 0

# The text form of RFC 9562, section 4, in either case.
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
NUMBER = re.compile("[0-9]+")

# The beginning of the names of the instruments that are rewritten.
prefix = "http."


def template(path: str) -> str:
    """`/orders/84321` becomes `/orders/{id}`."""

    def placeholder(segment: str) -> str:
        if NUMBER.fullmatch(segment):
            return "{id}"
        return "{uuid}" if UUID.fullmatch(segment) else segment

    return "/".join(map(placeholder, path.split("/")))


class Lifecycle(exports.Lifecycle):
    def info(self) -> PluginInfo:
        schema = {
            "type": "object",
            "properties": {"prefix": {"type": "string"}},
            "additionalProperties": False,
        }
        return PluginInfo(
            name="routes-python",
            version="0.1.0",
            description="Route templates and status classes, in Python",
            config_schema=json.dumps(schema),
            capabilities=[],
        )

    def configure(self, config: str) -> None:
        global prefix
        given = json.loads(config)
        wanted = given.pop("prefix", prefix)
        problems = [Problem(f"/{key}", "found an unknown key, expected `prefix` alone") for key in given]
        if not isinstance(wanted, str):
            problems.append(Problem("/prefix", f"found {wanted!r}, expected a text"))
        if problems:
            # The error of the contract's `result`; anything else that is raised is a trap.
            raise Err(problems)
        prefix = wanted


class Views(exports.Views):
    def streams(self, instrument: Instrument) -> list[StreamSpec] | None:
        if not instrument.name.startswith(prefix):
            return None
        return [
            StreamSpec(
                name=None,
                description=None,
                unit=None,
                attributes=[AttributeRule_Computed(ROUTES)],
                resource_attributes=[],
                aggregation=Aggregation_Default(),
                combine=None,
                cardinality_limit=None,
            )
        ]

    def map_attributes(self, tag: int, attributes: list[Attribute]) -> list[Attribute] | None:
        values = {attribute.key: attribute.value for attribute in attributes}
        match values.get("url.path"):
            case Value_Text(path):
                del values["url.path"]
                values.setdefault("http.route", Value_Text(template(path)))
        match values.get("http.response.status_code"):
            case Value_Int(status) if 100 <= status <= 599:
                values["http.response.status_code"] = Value_Text(f"{status // 100}xx")
        return [Attribute(key, value) for key, value in values.items()]
