"""Chooses new names for the labels of a model."""

from collections.abc import Mapping, Sequence

from hf_lstm.errors import InputError, abbreviate


def choose_names(old_names: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Return the names of all labels after a renaming of some.

    Args:
        old_names: of all labels, in their order.
        names: the new name of each label to rename, by its old one.

    Raises:
        InputError: a label is not known, a name is blank or no string, or two labels get the same one.
    """
    if not isinstance(names, Mapping):
        raise InputError(f"names is a {type(names).__name__}; expected a dict of new names by the old ones")
    for old, new in names.items():
        if old not in old_names:
            raise InputError(f"label {old!r}: the model has no such label; there are {abbreviate(old_names)}")
        if not isinstance(new, str) or not new.strip():
            raise InputError(f"label {old!r}: its new name is {new!r}; expected a text that is not blank")
    new_names = [names.get(old, old) for old in old_names]
    twice = sorted({name for name in new_names if new_names.count(name) > 1})
    if twice:
        raise InputError(f"two labels would be named {twice[0]!r}; each needs a name of its own")
    return new_names
