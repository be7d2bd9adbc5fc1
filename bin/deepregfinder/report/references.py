"""Works that the methods paragraph cites. CITATIONS.md lists all of them, which a test checks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A work: how the text calls it, and its entry in a list of references."""

    cite: str
    entry: str


DEEPREGFINDER = Reference(
    "Ramakrishnan et al. 2024",
    "Ramakrishnan A, Wangensteen G, Kim S, Nestler EJ, Shen L. DeepRegFinder: deep learning-based "
    "regulatory elements finder. Bioinformatics Advances 2024, vbae007.",
)
NEXTFLOW = Reference(
    "Di Tommaso et al. 2017",
    "Di Tommaso P, et al. Nextflow enables reproducible computational workflows. "
    "Nature Biotechnology 2017, 35:316-319.",
)
FEATURECOUNTS = Reference(
    "Liao et al. 2014",
    "Liao Y, Smyth GK, Shi W. featureCounts: an efficient general purpose program for assigning "
    "sequence reads to genomic features. Bioinformatics 2014, 30:923-930.",
)
TEMPERATURE = Reference(
    "Guo et al. 2017",
    "Guo C, Pleiss G, Sun Y, Weinberger KQ. On calibration of modern neural networks. ICML 2017.",
)
PYTORCH = Reference(
    "Paszke et al. 2019",
    "Paszke A, et al. PyTorch: an imperative style, high-performance deep learning library. "
    "NeurIPS 2019.",
)
MODERATED = Reference(
    "Smyth 2004",
    "Smyth GK. Linear models and empirical Bayes methods for assessing differential expression. "
    "Statistical Applications in Genetics and Molecular Biology 2004, 3:3.",
)
FDR = Reference(
    "Benjamini and Hochberg 1995",
    "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful "
    "approach to multiple testing. JRSS B 1995, 57:289-300.",
)
INTEGRATED_GRADIENTS = Reference(
    "Sundararajan et al. 2017",
    "Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. ICML 2017.",
)
CHROMHMM = Reference(
    "Ernst and Kellis 2012",
    "Ernst J, Kellis M. ChromHMM: automating chromatin-state discovery and characterization. "
    "Nature Methods 2012, 9:215-216.",
)
EHMM = Reference(
    "Zehnder et al. 2019",
    "Zehnder T, Benner P, Vingron M. Predicting enhancers in mammalian genomes using supervised "
    "hidden Markov models. BMC Bioinformatics 2019, 20:157.",
)
EP_DNN = Reference(
    "Kim et al. 2016",
    "Kim SG, Harwani M, Grama A, Chaterji S. EP-DNN: a deep neural network-based global enhancer "
    "prediction algorithm. Scientific Reports 2016, 6:38433.",
)
RFECS = Reference(
    "Rajagopal et al. 2013",
    "Rajagopal N, Xie W, Li Y, et al. RFECS: a random-forest based algorithm for enhancer "
    "identification from chromatin state. PLoS Computational Biology 2013, 9(3):e1002968.",
)
RANDOM_FOREST = Reference(
    "Breiman 2001", "Breiman L. Random forests. Machine Learning 2001, 45:5-32."
)
BOOSTING = Reference(
    "Friedman 2001",
    "Friedman JH. Greedy function approximation: a gradient boosting machine. "
    "Annals of Statistics 2001, 29:1189-1232.",
)
PREPRINT = Reference(
    "Osmala and Lähdesmäki 2020",
    "Osmala M, Lähdesmäki H. Enhancer prediction in the human genome by probabilistic modelling of "
    "the chromatin feature patterns. BMC Bioinformatics 2020, 21:317.",
)
CCRE = Reference(
    "Moore et al. 2020",
    "Moore JE, et al. Expanded encyclopaedias of DNA elements in the human and mouse genomes. "
    "Nature 2020, 583:699-710.",
)
