"""The models by name."""

NETWORK_NAMES = ("cnn", "rnn", "mlp")
FOREST_NAMES = ("rf", "gbm", "rfecs")
GENOME_NAMES = ("drf", "chromhmm", "ehmm", "preprint", "ccre")
MODEL_NAMES = NETWORK_NAMES + FOREST_NAMES + GENOME_NAMES


def kind_of(name: str) -> str:
    """How a model is trained and evaluated: "network", "forest" or "genome".

    The first two see windows one by one, the last sees the chromosome around them.
    """
    if name in GENOME_NAMES:
        return "genome"
    return "forest" if name in FOREST_NAMES else "network"
