"""Reads the space of a search: settings of a recipe, each with the values to try."""

import dataclasses
import math
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from hf_lstm.config import Recipe
from hf_lstm.config.checks import split_optional, suggest_names
from hf_lstm.config.overrides import list_sections, override_recipe
from hf_lstm.errors import InputError

FORMS = "SECTION.KEY=A,B,C or SECTION.KEY=LOW..HIGH, with :log or :STEP behind"
PRUNERS = ("median", "hyperband", "none")
"""What may break off trials: see `--pruner`."""
NUM_DIGITS = 4
"""Significant digits of a number that is drawn: so many can be read and typed, and more change nothing."""
_STEP_DIGITS = 12
"""Those of one that is some steps from the low end: what more there are come of adding up."""
_FIXED = {
    "train.best_by": "it is the measure of the search",
    "train.init_from": "models to start from may bring rows of their own",
}
"""Settings that cannot be searched for, besides those of the data."""
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[-+]?\.\d+(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::(log|{_NUMBER}))?")

Value = bool | int | float | str | None


@dataclasses.dataclass(frozen=True)
class Choices:
    """Holds a setting, and the values to choose from."""

    setting: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        """Write it as `parse_space` reads it."""
        return f"{self.setting}={','.join(map(format_value, self.values))}"

    @property
    def corners(self) -> tuple[Value, ...]:
        """Return values that are usable only if all are."""
        return self.values

    def has(self, value: Value) -> bool:
        """Tell whether a value may be drawn."""
        return any(value == each and type(value) is type(each) for each in self.values)


@dataclasses.dataclass(frozen=True)
class Range:
    """Holds a setting, and the range of numbers to draw from, both ends included."""

    setting: str
    low: float
    high: float
    step: float | None = None
    """Between the numbers, the first of which is `low`, and the last one `high`."""
    is_log: bool = False
    """Whether a factor is as likely wherever it stands: 1e-4 to 1e-3 as 1e-3 to 1e-2."""

    def __str__(self) -> str:
        """Write it as `parse_space` reads it."""
        how = ":log" if self.is_log else "" if self.step is None else f":{self.step!r}"
        return f"{self.setting}={self.low!r}..{self.high!r}{how}"

    @property
    def is_of_whole_numbers(self) -> bool:
        """Tell whether the setting is a whole number."""
        return isinstance(self.low, int)

    @property
    def corners(self) -> tuple[Value, ...]:
        """Return values that are usable only if all are."""
        return (self.low, self.high)

    def has(self, value: Value) -> bool:
        """Tell whether a value may be drawn."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            return False
        num_steps = 0.0 if self.step is None else (value - self.low) / self.step
        return math.isclose(num_steps, round(num_steps), abs_tol=1e-9)

    def shorten(self, value: float) -> float:
        """Shorten a number that was drawn to a few digits."""
        if self.is_of_whole_numbers:
            return int(value)
        num_digits = NUM_DIGITS if self.step is None else _STEP_DIGITS
        return min(max(float(f"{value:.{num_digits}g}"), self.low), self.high)


Dimension = Choices | Range
Space = Sequence[Dimension]


def format_value(value: Value) -> str:
    """Write a value as `--set` reads it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)


def format_assignments(settings: Mapping[str, Value]) -> list[str]:
    """Write settings as `--set` takes them."""
    return [f"{setting}={format_value(value)}" for setting, value in settings.items()]


def parse_space(texts: Iterable[str], recipe: Recipe, *, fixed: Iterable[str] = ()) -> list[Dimension]:
    """Read a space such as `train.learning_rate=1e-4..1e-2:log` and `model.hidden_size=32,64`.

    Args:
        texts: a setting each.
        recipe: whose settings they are; each value must be usable in it.
        fixed: settings that have been given a value already.

    Raises:
        InputError: a text has another form, names an unknown setting or one that decides which rows are measured, or
            has a value that the recipe can't take.
    """
    space: list[Dimension] = []
    fixed = set(fixed)
    for text in texts:
        dimension = _parse_dimension(text, recipe)
        if dimension.setting in fixed:
            raise InputError(f"--space {text!r}: {dimension.setting} is given twice; leave one out")
        fixed.add(dimension.setting)
        for value in dimension.corners:
            _try_value(dimension.setting, value, recipe, text)
        space.append(dimension)
    return space


def _parse_dimension(text: str, recipe: Recipe) -> Dimension:
    setting, equals, said = (part.strip() for part in text.partition("="))
    kinds = {
        f"{section}.{field.name}": typing.get_type_hints(kind)[field.name]
        for section, kind in list_sections(recipe).items()
        for field in dataclasses.fields(kind)
    }
    if not equals or not said:
        raise InputError(f"--space {text!r}: expected {FORMS}, e.g. train.learning_rate=1e-4..1e-2:log")
    if setting not in kinds:
        raise InputError(f"--space {text!r}: there is no setting {setting!r}; {suggest_names(setting, kinds)}")
    if setting.startswith("data."):
        raise InputError(f"--space {text!r}: the data decide which rows are measured; give them by --set")
    if setting in _FIXED:
        raise InputError(f"--space {text!r}: {_FIXED[setting]}; give it by --set")
    kind, _ = split_optional(kinds[setting])
    if kind in (int, float) and (found := _RANGE.fullmatch(said)):
        return _build_range(setting, kind, found[1], found[2], found[3], text)
    if kind is not str and ".." in said:
        raise InputError(f"--space {text!r}: no range of numbers for this setting; expected {FORMS}")
    return Choices(setting, _parse_values(setting, said, recipe, text))


def _parse_values(setting: str, said: str, recipe: Recipe, text: str) -> tuple[Value, ...]:
    values = tuple(_try_value(setting, each.strip(), recipe, text) for each in said.split(","))
    if len(values) < 2:
        raise InputError(f"--space {text!r}: one value leaves nothing to search; give it by --set, or give several")
    if len({(type(value), value) for value in values}) < len(values):
        raise InputError(f"--space {text!r}: a value stands twice")
    return values


def _build_range(setting: str, kind: type, low: str, high: str, how: str | None, text: str) -> Range:
    try:
        is_log = how == "log"
        built = Range(setting, kind(low), kind(high), None if is_log or how is None else kind(how), is_log)
    except ValueError:
        raise InputError(f"--space {text!r}: {setting} is a whole number") from None
    if not (math.isfinite(built.low) and math.isfinite(built.high)):
        raise InputError(f"--space {text!r}: the range has no end")
    if not built.low < built.high:
        raise InputError(f"--space {text!r}: the range must rise from its low to its high end")
    if is_log and built.low <= 0:
        raise InputError(f"--space {text!r}: with :log, the low end must be more than 0")
    if built.step is None:
        return built
    if not 0 < built.step < math.inf or (last := _find_last(built, built.step)) == built.low:
        raise InputError(f"--space {text!r}: the step must be more than 0, and not beyond the range")
    return dataclasses.replace(built, high=last)


def _find_last(built: Range, step: float) -> float:
    """Find the last number of a range that is a whole number of steps from its low end, as the decimals are written."""
    low, high, by = (Fraction(repr(number)) for number in (built.low, built.high, step))
    last = low + (high - low) // by * by
    return int(last) if built.is_of_whole_numbers else float(last)


def _try_value(setting: str, value: Value, recipe: Recipe, text: str) -> Any:
    """Return a value as the recipe has it once it is set.

    Raises:
        InputError: the recipe can't take it.
    """
    section, name = setting.split(".")
    try:
        said = value if isinstance(value, str) else format_value(value)
        return getattr(getattr(override_recipe(recipe, [f"{setting}={said}"]), section), name)
    except InputError as error:
        raise InputError(f"--space {text!r}: {str(error).removeprefix('--set ')}") from None


def build_default_space(recipe: Recipe) -> list[Dimension]:
    """Build the space of a search that names none: what matters most, around what the recipe has.

    Where a model is fine-tuned, or word vectors have a length already, that stays as it is.
    """
    train, model = recipe.train, recipe.model
    rate = train.learning_rate
    texts = [f"train.learning_rate={rate / 4:.3g}..{rate * 4:.3g}:log"]
    texts.append(f"train.batch_size={_double(train.batch_size)}")
    if train.base_model is not None:
        texts.append("train.layer_decay=0.5..1.0:0.1")
    else:
        texts += ["model.dropout=0.0..0.6:0.1", f"model.hidden_size={_double(model.hidden_size)}"]
        if train.embeddings is None:
            texts.append(f"model.embedding_dim={_double(model.embedding_dim)}")
    if train.teachers is not None:
        texts.append("train.teacher_weight=0.2..0.9:0.1")
    return parse_space(texts, recipe)


def _double(number: int) -> str:
    return ",".join(str(each) for each in dict.fromkeys((max(number // 2, 1), number, 2 * number)))
