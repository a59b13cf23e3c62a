"""What the messages of the Reconciliation API 0.2 look like, written from the text of the specification.

They are stricter than the specification's own schemas: no field beside those of the text, no empty name, a score of 0 to 100.
`test_specification.py` holds them against the specification's examples.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft7Validator

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
ANY_TEXT: Schema = {"type": "string"}
LINK: Schema = {"type": "string", "pattern": "^https?://"}
TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{id\}\}"}


def fields(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these fields and no other."""
    known = {**required, **(optional or {})}
    return {"type": "object", "properties": known, "required": [*required], "additionalProperties": False}


def items(schema: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": schema, **more}


def by_id(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


def one_of(*schemas: Schema) -> Schema:
    return {"anyOf": [*schemas]}


TYPE = fields({"id": TEXT, "name": TEXT}, {"description": ANY_TEXT, "broader": items({"type": "object"})})
SERVICE = fields({"service_url": LINK, "service_path": TEXT}, {"flyout_service_url": LINK, "flyout_service_path": TEXT})
SETTING = fields(
    {"name": TEXT, "label": TEXT, "type": {"enum": ["number", "text", "checkbox", "select"]}},
    {"default": {}, "help_text": ANY_TEXT, "choices": items(fields({"value": TEXT, "name": TEXT}))},
)
MANIFEST = fields(
    {
        "versions": items(TEXT, contains={"const": "0.2"}),
        "name": TEXT,
        "identifierSpace": LINK,
        "schemaSpace": LINK,
    },
    {
        "defaultTypes": items(TYPE, uniqueItems=True),
        "documentation": LINK,
        "logo": LINK,
        "serviceVersion": ANY_TEXT,
        "view": fields({"url": TEMPLATE}),
        "feature_view": fields({"url": TEMPLATE}),
        "preview": fields({"url": TEMPLATE, "width": {"type": "integer"}, "height": {"type": "integer"}}),
        "suggest": fields({}, {"entity": SERVICE, "property": SERVICE, "type": SERVICE}),
        "extend": fields({}, {"propose_properties": SERVICE, "property_settings": items(SETTING)}),
        "batchSize": {"type": "integer", "minimum": 1},
        "authentication": {"type": "object"},
    },
)

NUMBER_OR_TRUTH: Schema = {"type": ["number", "boolean"]}
CANDIDATE = fields(
    {"id": TEXT, "name": TEXT, "score": {"type": "number", "minimum": 0, "maximum": 100}},
    {
        "description": ANY_TEXT,
        "type": items(TYPE),
        "match": {"type": "boolean"},
        "features": items(fields({"id": TEXT, "value": NUMBER_OR_TRUTH}), uniqueItems=True),
    },
)
RESULT_BATCH = by_id(fields({"result": items(CANDIDATE)}))

VALUE = one_of({"type": ["string", "number", "boolean"]}, fields({"id": TEXT}, {"name": ANY_TEXT}))
QUERY = fields(
    {},
    {
        "query": TEXT,
        "type": one_of(TEXT, items(TEXT)),
        "limit": {"type": "number", "minimum": 1},
        "properties": items(fields({"pid": TEXT, "v": one_of(VALUE, items(VALUE))}), minItems=1),
        "type_strict": {"enum": ["any", "should", "all"]},
    },
) | {"anyOf": [{"required": ["query"]}, {"required": ["properties"]}]}
QUERY_BATCH = by_id(QUERY)

ENTITIES = fields(
    {
        "result": items(
            fields({"id": TEXT, "name": TEXT}, {"description": ANY_TEXT, "notable": items(one_of(TEXT, TYPE))})
        )
    }
)
PROPERTIES = fields({"result": items(fields({"id": TEXT, "name": TEXT}, {"description": ANY_TEXT}))})
TYPES = fields({"result": items(TYPE)})
PROPOSALS = fields(
    {"properties": items(fields({"id": TEXT, "name": TEXT}, {"description": ANY_TEXT}))},
    {"type": ANY_TEXT, "limit": {"type": "number"}},
)
EXTEND_QUERY = fields({"ids": items(TEXT), "properties": items(fields({"id": TEXT}, {"settings": {"type": "object"}}))})
CELL = one_of(
    fields({}),
    fields({"str": ANY_TEXT}),
    fields({"int": {"type": "integer"}}),
    fields({"float": {"type": "number"}}),
    fields({"date": TEXT}),
    fields({"id": TEXT, "name": TEXT}, {"description": ANY_TEXT}),
)
EXTENSION = fields(
    {
        "meta": items(
            fields({"id": TEXT, "name": TEXT}, {"type": fields({"id": TEXT}, {"name": TEXT}), "service": LINK})
        ),
        "rows": by_id(by_id(items(CELL))),
    }
)


def check(schema: Schema, message: Any) -> None:
    """Fail where a message is not of a schema."""
    Draft7Validator.check_schema(schema)
    faults = [f"{fault.json_path}: {fault.message}" for fault in Draft7Validator(schema).iter_errors(message)]
    assert not faults, faults
