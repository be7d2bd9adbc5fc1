"""The models of the catalogue, by name."""

from deepregfinder.errors import InputError
from deepregfinder.models.catalogue import MODEL_NAMES
from deepregfinder.models.protocol import Model


def load(name: str) -> Model:
    """The model of that name. Its module, and what that needs, is imported only now.

    The imports are plain statements, since the digest of a step's code follows them as text.
    Raises InputError for an unknown name.
    """
    match name:
        case "cnn" | "rnn" | "mlp":
            from deepregfinder.models.windows.model import NetworkModel

            return NetworkModel(name)
        case "rf" | "gbm":
            from deepregfinder.models.forests.model import TreesModel

            return TreesModel(name)
        case "rfecs":
            from deepregfinder.models.forests.model import RfecsModel

            return RfecsModel()
        case "drf":
            from deepregfinder.models.drf.model import DrfModel

            return DrfModel()
        case "chromhmm":
            from deepregfinder.models.hmm.chromhmm import ChromHmmModel

            return ChromHmmModel()
        case "ehmm":
            from deepregfinder.models.hmm.ehmm import EhmmModel

            return EhmmModel()
        case "preprint":
            from deepregfinder.models.preprint import PreprintModel

            return PreprintModel()
        case "ccre":
            from deepregfinder.models.ccre import CcreModel

            return CcreModel()
    raise InputError(f"There is no model {name!r}: choose {', '.join(MODEL_NAMES)}.")
