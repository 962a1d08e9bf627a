"""One root for every error a user may meet; the command line turns it into one line and exit status 1."""


class SynheadError(ValueError):
    """Something in the input or the surroundings is wrong; the message says what, where and what to do."""


class UnknownNameError(SynheadError):
    """A name is not in the table it was looked up in."""


class ConventionError(SynheadError):
    """An Euler convention, rotation or pose law is malformed."""


class LabelFormatError(SynheadError):
    """A label file cannot be read as what it claims to be."""


class ShardError(SynheadError):
    """A shard is damaged, hostile or of an unknown schema."""


class ManifestError(SynheadError):
    """A dataset folder's manifest is missing, damaged or disagrees with its shards."""


class HeadError(SynheadError):
    """A head, a recipe or the data heads are built from is missing or malformed."""


class BackendError(SynheadError):
    """No renderer of the asked kind can work here."""


class PlanError(SynheadError):
    """A scene or a rendering plan asks for something that cannot be drawn."""


class OutputExistsError(SynheadError):
    """The output is already there and ``--overwrite`` was not given, or another run is writing it."""


class ExportError(SynheadError):
    """A dataset lacks what a foreign format needs, or an option does not fit the format."""


class CheckpointError(SynheadError):
    """A checkpoint is missing, damaged or made for another model."""


class TrainingError(SynheadError):
    """Training cannot start or cannot go on."""


class PictureError(SynheadError):
    """A picture or a video that somebody gave cannot be read, or cannot be what is asked for."""
