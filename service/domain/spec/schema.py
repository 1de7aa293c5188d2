"""The body of `POST /v1/jobs`: reads a TrainingSpec; says of each mistake how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.spec.beside import AsksOfTraining
from service.domain.spec.fields import JsonInteger, JsonNumber, Matches, OneOrSeveral, OneOrWords
from service.domain.spec.inputs import OPEN, InputFields
from service.domain.spec.loading import load
from service.domain.spec.metadata import Metadata
from service.domain.spec.parts import (
    EarlyStoppingSchema,
    NetworkSchema,
    OptimizerSchema,
    SplitSchema,
    between,
    dataset_field,
    one_of,
)
from service.domain.spec.training import MODEL_NAME, EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.domain.vocabulary.efforts import EFFORTS, NORMAL
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.schedules import SCHEDULES
from service.domain.vocabulary.tasks import TASKS
from service.domain.vocabulary.words import AUTO, listed

DEVICES, ENGINES = ("auto", "cpu", "gpu"), ("auto", "fused", "autograd")
PROMOTE, REFIT = ("newest", "if_better", "never"), (AUTO, "always", "never")
PRECISIONS = ("float32", "tf32", "bf16")
MAX_TARGETS, MAX_MEMBERS = 100, 64
REQUIRED: dict[str, Any] = {"required": "is required (only dataset, model and target are)"}


def read_spec(data: Mapping[str, Any]) -> TrainingSpec:
    """A client's spec. Raises SpecInvalid that points at every field that is wrong."""
    spec: TrainingSpec = load(TrainingSpecSchema, data)
    return spec


class TrainingSpecSchema(InputFields, AsksOfTraining):
    """The body of `POST /v1/jobs`."""

    makes = TrainingSpec
    dataset = dataset_field(REQUIRED)
    model = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=Matches(
            MODEL_NAME,
            error="is not a valid model name: use 1 to 100 characters from "
            "a-z, 0-9, '.', '_', '-', starting with a letter or digit",
        ),
        metadata={"description": "name under which the trained version is published", "example": "house-price"},
    )
    target = OneOrSeveral(
        ma.fields.String(validate=ma.validate.Length(1, 1000)),
        most=MAX_TARGETS,
        required=True,
        error_messages=REQUIRED,
        metadata={"description": "the column to predict, or a list of numeric columns to predict together"},
    )
    features = ma.fields.List(
        ma.fields.String(),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(min=1),
        metadata={
            "description": "columns to learn from; null: all but the target, text and constant columns. The ten most "
            "frequent categories of a categorical column get an input each, and so do others with at least 5 training "
            "rows, up to a limit; rarer and unseen ones share the input 'other'. Where the rarer ones differ by more "
            "than chance, their effect on the target (shrunk, and for each training row estimated from other rows) is "
            "an input too"
        },
    )
    exclude = ma.fields.List(  # type: ignore[assignment]  # a field, taken off the class by marshmallow
        ma.fields.String(), load_default=tuple, metadata={"description": "columns to leave out"}
    )
    task = ma.fields.String(load_default=AUTO, validate=one_of((AUTO, *TASKS)), metadata={"description": listed(TASKS)})
    split = ma.fields.Nested(SplitSchema, load_default=Split)
    network = ma.fields.Nested(NetworkSchema, load_default=NetworkSpec)
    members = OneOrWords(
        JsonInteger(validate=between(1, MAX_MEMBERS)),
        words=(AUTO,),
        load_default=AUTO,
        metadata={
            "description": "networks of this shape, trained together from different starts; the model answers with the "
            f"mean of their numbers or probabilities. {OPEN} by the rows too; otherwise 1"
        },
    )
    loss = ma.fields.String(
        load_default=AUTO, validate=one_of((AUTO, *LOSSES)), metadata={"description": listed(LOSSES)}
    )
    quantile = JsonNumber(
        load_default=0.5,
        validate=between(0, 1, above=True, below=True),
        metadata={"description": 'the quantile that "loss": "quantile" predicts; 0.5 is the median'},
    )
    label_smoothing = JsonNumber(
        load_default=0.0,
        validate=between(0, 1, below=True),
        metadata={"description": "share of each row's class that training spreads over all; judged by the true one"},
    )
    optimizer = ma.fields.Nested(OptimizerSchema, load_default=OptimizerSpec(beta2="auto"))
    schedule = ma.fields.String(
        load_default=AUTO,
        validate=one_of((AUTO, *SCHEDULES)),
        metadata={"description": f"how the learning rate changes over the epochs. {listed(SCHEDULES)}"},
    )
    warmup_epochs = JsonInteger(
        load_default=0,
        validate=between(0, 1_000_000),
        metadata={"description": "epochs of linear learning rate warm-up, before the schedule begins"},
    )
    batch_size = OneOrWords(
        JsonInteger(validate=between(1, 10_000_000)),
        words=("auto", "full"),
        load_default="auto",
        metadata={"description": "rows per step: full is batch descent, 1 stochastic, otherwise mini-batch"},
    )
    epochs = OneOrWords(
        JsonInteger(validate=between(1, 1_000_000)),
        words=("auto",),
        load_default="auto",
        metadata={"description": "auto: chosen from the curvature or the number of rows"},
    )
    early_stopping = OneOrWords(
        ma.fields.Nested(EarlyStoppingSchema),
        words=("auto",),
        load_default="auto",
        allow_none=True,
        metadata={
            "description": "null: train all epochs; auto: null for a linear neuron with mse and without "
            f'validation rows, otherwise {{"patience": {EarlyStopping().patience}, "min_delta": 0.0}}, with a patience '
            f"of {EFFORTS[NORMAL].of_given.patience} at normal effort if the schedule is plateau, and of all epochs if "
            "it is coslog4, whose rate rises again, or where schedule and hidden layers are left open"
        },
    )
    class_weights = OneOrWords(
        ma.fields.Dict(keys=ma.fields.String(), values=JsonNumber(validate=between(0, 1e12, above=True))),
        words=("balanced",),
        load_default=None,
        allow_none=True,
        metadata={
            "description": 'weight of each class: "balanced", or weights by the class names in the table (numbers, '
            "and words for true and false, in any spelling)"
        },
    )
    weight_column = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "a numeric column with the weight of each row; it is then not a feature"},
    )
    promote = ma.fields.String(
        load_default="newest",
        validate=one_of(PROMOTE),
        metadata={
            "description": "whether the model's bare name means the new version. newest: yes, unless there is an "
            "alias 'default'; never: no; if_better: if its main metric on this run's validation rows is better than "
            "that of the version that serves now. A version that must not serve leaves the alias 'default' on the one "
            "that does. The first version always serves"
        },
    )
    refit = ma.fields.String(
        load_default=AUTO,
        validate=one_of(REFIT),
        metadata={
            "description": "always: once the validation rows have told how many epochs are best, the published model "
            "is trained anew for that long on training and validation rows; the report keeps the figures of the model "
            "before. never: that one is published. auto: always if the dataset has validation rows of its own"
        },
    )
    seed = JsonInteger(load_default=0, validate=between(0, 2**53))
    device = ma.fields.String(load_default="auto", validate=one_of(DEVICES))
    engine = ma.fields.String(
        load_default="auto",
        validate=one_of(ENGINES),
        metadata={"description": "fused: a compiled kernel on one core; autograd: torch; auto: fused if possible"},
    )
    precision = ma.fields.String(
        load_default="float32",
        validate=one_of(PRECISIONS),
        metadata={
            "description": "precision of matrix products during training: tf32 and bf16 are faster on a GPU, with "
            "about 3 and 2 digits; weights, sums and predictions stay float32"
        },
    )
    budget_seconds = JsonNumber(
        load_default=None,
        allow_none=True,
        validate=between(0, 1e9, above=True),
        metadata={
            "description": "seconds that the epochs may take, over all attempts. Training ends there, between two "
            "batches, and publishes what it has learnt; a schedule is fitted to the epochs that have room"
        },
    )
    effort = ma.fields.String(
        load_default=NORMAL,
        validate=one_of(tuple(EFFORTS)),
        metadata={
            "description": "how much time a training may take for a better model, by what is left open (auto, null); "
            f"POST /v1/jobs/validate estimates the time. {listed(EFFORTS)}"
        },
    )
    metadata = Metadata(
        load_default=dict,
        metadata={
            "description": "free-form data kept with the job and its version, at most 16 KiB as JSON; lists are "
            "filtered by its strings, numbers and booleans: ?metadata.KEY=VALUE"
        },
    )
    kind = ma.fields.String(load_default="train", validate=one_of(("train",)))

    @ma.validates_schema
    def _rises_before_it_falls(self, data: dict[str, Any], **_: Any) -> None:
        if data["epochs"] != "auto" and data["warmup_epochs"] >= data["epochs"]:
            raise ma.ValidationError("must be fewer than epochs", "warmup_epochs")
