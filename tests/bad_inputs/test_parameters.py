"""Parameters out of range, misspelt or contradictory: no task starts."""

import pytest
from samples.driver_answers import answers

FILES = {
    "in.csv": "sample,mark,replicate,bam,control\nK,H3K27ac,1,a.bam,\nL,H3K27ac,1,b.bam,\n",
    "labels.csv": "sample,dhs,enhancers,promoter_marks\nK,x.bed,x.bed,x.bed\nL,x.bed,x.bed,x.bed\n",
    "labels_of_k.csv": "sample,dhs,enhancers,promoter_marks\nK,x.bed,x.bed,x.bed\n",
    "versus.csv": "sample,mark,replicate,bam\n"
    + "K,H3K27ac,1,a.bam\nK_vs_L,H3K27ac,1,b.bam\nL_vs_M,H3K27ac,1,c.bam\nM,H3K27ac,1,d.bam\n",
    "annotations.csv": "name,bed,mapping\na,x.bed,*=enhancer\n",
    "labels_alone.csv": "sample\nK\n",
    "me1.csv": "sample,mark,replicate,bam\nK,H3K4me1,1,a.bam\n",
    "three.csv": "sample,mark,replicate,bam\n"
    + "K,H3K27ac,1,a.bam\nK,ATAC,1,b.bam\nK,H3K4me3,1,c.bam\n",
    **dict.fromkeys(("a.bam", "b.bam", "c.bam", "d.bam", "x.bed", "tss.bed", "genes.gtf"), ""),
}
GOOD = {"input": "in.csv", "labels": "labels.csv", "tss": "tss.bed"}

NAMES = {
    "a letter swapped": ({"inptu": "x"}, "did you mean --input?"),
    "a plural": ({"label": "x"}, "did you mean --labels?"),
    "a name of another program": (
        {"aligner_binary": "x"},
        "--aligner_binary is not a parameter of this pipeline; --help lists all parameters.",
    ),
    "a typing error in a split": ({"validation_chrms": "x"}, "did you mean --validation_chroms?"),
    "a typing error in a limit": ({"max_tf_peak_widht": 1}, "did you mean --max_tf_peak_width?"),
    "two at once": ({"foo": 1, "barr": 2}, "There are 2 problems:"),
}
RANGES = {
    "text for a number": ({"min_mapq": "many"}, "--min_mapq many: must be a whole number"),
    "a fraction of a read": ({"min_mapq": "1.5"}, "--min_mapq 1.5: must be a whole number"),
    "nothing": ({"epochs": ""}, "--epochs : must be a whole number"),
    "a flag without its value": ({"epochs": True}, "--epochs true: must be a whole number"),
    "no number": ({"threshold": "NaN"}, "--threshold NaN: must be a number"),
    "no end": ({"threshold": "Infinity"}, "--threshold Infinity: must be a number"),
    "hexadecimal": ({"seed": "0x10"}, "--seed 0x10: must be a whole number"),
    "a separator of thousands": ({"n_background": "30,000"}, "30,000: must be a whole number"),
    "an underscore": ({"n_background": "30_000"}, "30_000: must be a whole number"),
    "a unit": ({"tss_distance": "2kb"}, "--tss_distance 2kb: must be a whole number"),
    "a decimal comma": ({"threshold": "0,5"}, "--threshold 0,5: must be a number"),
    "a per cent": ({"fdr": "5%"}, "--fdr 5%: must be a number"),
    "a shell command": ({"seed": "$(touch hit)"}, "--seed $(touch hit): must be a whole number"),
    **{
        f"a shell command for --{name}": ({name: value}, f"--{name} {value}: does not have")
        for name, value in {
            "container_registry": "x$(touch hit)",
            "gpu_type": "a100\ntouch hit",
            "queue": "fast;touch",
            "gpu_queue": "gpu|touch",
            "work_bucket": "s3://x/`hit`",
            "aws_region": "eu&touch",
            "aws_cli": "/x/aws;touch",
        }.items()
    },
    "a number past 64 bits": ({"n_background": "18446744073709551646"}, "must be at most 10000000"),
    "a number past all memory": ({"step": "1e999999999"}, "must be at most 1000000"),
    "negative quality": ({"min_mapq": -1}, "must be at least 0"),
    "more than a MAPQ": ({"min_mapq": 255}, "must be at most 254"),
    "a probability above 1": ({"threshold": "1.01"}, "must be at most 1"),
    "a negative probability": ({"threshold": "-0.1"}, "must be at least 0"),
    **{
        f"--call_at {wish}": ({"call_at": wish}, f"--call_at {wish}: does not have the expected")
        for wish in (
            *("probability:1", "precision:80%", "fdr:0", "number:0", "number:1e4", "mb:0", "most"),
            *("enhancer=model,", "silencer=number:5", "model,promoter=mb:3", "number:5;touch hit"),
        )
    },
    "a discovery rate above 1": ({"fdr": 2}, "must be at most 1"),
    "no learning": ({"learning_rate": 0}, "must be above 0"),
    "fast learning": ({"learning_rate": 2}, "must be at most 1"),
    "negative decay": ({"weight_decay": "-1e-4"}, "must be at least 0"),
    "no epoch": ({"epochs": 0}, "must be at least 1"),
    "no seed": ({"seeds": 0}, "must be at least 1"),
    "too many seeds": ({"seeds": 51}, "must be at most 50"),
    "a negative seed": ({"seed": -1}, "must be at least 0"),
    "a batch of one": ({"batch_size": 1}, "must be at least 2"),
    "tiny bins": ({"bin_size": 9}, "must be at least 10"),
    "huge bins": ({"bin_size": 10001}, "must be at most 10000"),
    "short windows": ({"window_bins": 6}, "must be at least 8"),
    "odd windows": ({"window_bins": 21}, "must be a multiple of 2"),
    "little background": ({"n_background": 29}, "must be at least 30"),
    "a negative distance": ({"promoter_slop": -1}, "must be at least 0"),
    "no width": ({"max_tf_peak_width": 0}, "must be at least 1"),
    "far extension": ({"extend": 1001}, "must be at most 1000"),
    "a far shift": ({"shift": -1001}, "must be at least -1000"),
    "many folds": ({"folds": 25}, "must be at most 24"),
    "many replicates of a bootstrap": ({"bootstrap": 10001}, "must be at most 10000"),
    "no group": ({"scatter": 0}, "must be at least 1"),
    "no GPU": ({"gpus": 0}, "must be at least 1"),
}
CHOICES = {
    "four classes": ({"classes": 4}, "must be one of 2, 3, 5"),
    "an unknown model": (
        {"models": "cnn,resnet"},
        "--models resnet: there is no such model; choose among cnn,",
    ),
    "no model": ({"models": ""}, "--models : does not have"),
    "a comma too many": ({"models": "cnn,,rnn"}, "--models cnn,,rnn: does not have"),
    "semicolons between models": ({"models": "cnn;rnn"}, "--models cnn;rnn: does not have"),
    "a model in capitals": ({"models": "CNN"}, "--models CNN: does not have"),
    "an unknown counter": ({"counter": "htseq"}, "must be one of native, featurecounts"),
    "an unknown control": ({"control": "divide"}, "must be one of ignore, subtract, channel"),
    "an unknown transform": ({"transform": "ln"}, "must be one of none, log2, asinh"),
    "an unknown split": ({"split": "sample"}, "must be one of chromosome, random"),
    "an unknown centre": ({"center": "middle"}, "must be one of midpoint, summit, dhs"),
    "an unknown device": ({"device": "gpu"}, "must be one of cpu, cuda, auto"),
    "half of the reads in words": ({"depths": "half"}, "--depths half: does not have"),
    "all of the reads": ({"depths": "1"}, "--depths 1: does not have"),
    "none of the reads": ({"depths": "0.5,0.0"}, "--depths 0.5,0.0: does not have"),
    "maybe": ({"quantile_map": "maybe"}, "must be true or false"),
    "true in capitals": ({"tracks": "TRUE"}, "must be true or false"),
    "one for true": ({"explain": 1}, "must be true or false"),
    "one sample to compare": ({"compare": "K"}, "--compare K: does not have"),
    "three samples to compare": ({"compare": "K:L:K"}, "--compare K:L:K: does not have"),
    "all pairs, of one sample": ({"compare": "all"}, "--compare all: no model predicts two"),
    "biotypes of blanks": (
        {"tss": None, "gtf": "genes.gtf", "gtf_biotypes": "lncRNA mRNA"},
        "--gtf_biotypes lncRNA mRNA: does not have",
    ),
    "an assembly of blanks": ({"genome": "hg 38"}, "--genome hg 38: does not have"),
    "an address of nobody": ({"hub_email": "nobody"}, "--hub_email nobody: does not have"),
    "two addresses": ({"email": "a@b.c,d@e.f"}, "--email a@b.c,d@e.f: does not have"),
    "an address with a command": ({"email_on_fail": "a@b;hit"}, "--email_on_fail a@b;hit: does"),
    "results that leave the cache": (
        {"publish_dir_mode": "move"},
        "--publish_dir_mode move: must be one of copy, link, rellink, symlink.",
    ),
    "hard links to another disk": (
        {"publish_dir_mode": "link", "outdir": "/dev/shm/results"},
        "--publish_dir_mode link: --outdir /dev/shm/results and the work folder",
    ),
    "a bucket that is a folder": ({"work_bucket": "/x"}, "--work_bucket /x: does not have"),
}
FILES_GIVEN = {
    "no samplesheet there": ({"input": "gone.csv"}, "--input gone.csv: there is no such file"),
    "a folder": ({"input": "."}, "--input .: there is no such file"),
    "a flag for a file": ({"tss": True}, "--tss true: there is no such file"),
    "no TSSs there": ({"tss": "gone.bed"}, "--tss gone.bed: there is no such file"),
    "no blacklist there": ({"blacklist": "gone.bed"}, "--blacklist gone.bed: there is no such"),
    "no genome there": ({"fasta": "gone.fa"}, "--fasta gone.fa: there is no such file"),
    "a pattern": ({"regions": "*.bed"}, "--regions *.bed: there is no such file"),
    "an unknown protocol": ({"gaps": "gopher://x"}, "--gaps gopher://x: there is no such file"),
    "results in a file": ({"outdir": "in.csv"}, "--outdir in.csv is a file; choose a folder"),
    "no annotation there": (
        {"tss": None, "gtf": "gone.gtf", "gtf_biotypes": "all"},
        "There is a problem:\n  - --gtf gone.gtf: there is no such file.",
    ),
    "two files gone": ({"tss": "a", "gaps": "b"}, "There are 2 problems:"),
}
TOGETHER = {
    "nothing at all": (dict.fromkeys(GOOD), "--input is missing"),
    "no labels": ({"labels": None}, "--labels is missing"),
    "no labels for a network beside rules": (
        {"input": "three.csv", "labels": None, "models": "ccre,cnn"},
        "Only ccre needs neither (--models ccre).",
    ),
    "rules without a mark": (
        {"labels": None, "models": "ccre"},
        "--models ccre needs the mark H3K4me3: K, L has no row with it",
    ),
    "rules without TSSs": (
        {"input": "three.csv", "labels": None, "tss": None, "models": "ccre"},
        "--models ccre needs --tss or --gtf, or a --genome that has TSSs",
    ),
    "a precision of rules": (
        {"input": "three.csv", "labels": None, "models": "ccre", "call_at": "fdr:0.1"},
        "--call_at fdr:0.1 needs probabilities at natural prevalence, which are measured with",
    ),
    "folds of rules": (
        {"input": "three.csv", "labels": None, "models": "ccre", "folds": 4},
        "--folds 4: without --labels, no accuracy can be measured",
    ),
    "depths of rules": (
        {"input": "three.csv", "labels": None, "models": "ccre", "depths": "0.5"},
        "--depths 0.5: no predicted sample has a row in --labels",
    ),
    "rules of an unknown sample": (
        {"input": "three.csv", "labels": None, "models": "ccre", "train_on": "M"},
        "--train_on: sample 'M' is not in --input",
    ),
    "an unknown kind of enhancers": (
        {"enhancer_labels": "p300"},
        "--enhancer_labels p300: must be one of factors, h3k27ac, ccre, fantom5, vista",
    ),
    "no list of enhancers": (
        {"labels": "labels_alone.csv", "input": "three.csv"},
        "row 2: the column enhancers is empty, where --enhancer_labels factors expects a list",
    ),
    "neither peaks nor reads of H3K27ac": (
        {"labels": "labels_alone.csv", "input": "me1.csv", "enhancer_labels": "h3k27ac"},
        "row 2: enhancers from H3K27ac need its peaks (column h3k27ac) or a row of --input",
    ),
    "neither sites nor H3K4me3 for promoters": (
        {"labels": "labels_alone.csv", "input": "me1.csv", "enhancer_labels": "h3k27ac"},
        "There are 2 problems:",
    ),
    "a mark to withhold that there is not": (
        {"withhold": "H3K27ac,H3K9ac"},
        "--withhold H3K9ac: no sample to train on has this mark (available: H3K27ac).",
    ),
    "all marks withheld": ({"withhold": "H3K27ac"}, "no mark is left for the models of K, L."),
    "a mark withheld that rules need": (
        {"input": "three.csv", "labels": "labels_of_k.csv", "models": "ccre", "withhold": "ATAC"},
        "--models ccre needs an accessibility track: K has no row with the mark DNase or ATAC",
    ),
    "marks in one word": ({"withhold": "H3K27ac;x"}, "--withhold H3K27ac;x: does not have"),
    "no TSSs": ({"tss": None}, "--tss is missing"),
    "TSSs of two files": (
        {"gtf": "genes.gtf"},
        "--tss and --gtf both give the transcription start sites; leave one of them out.",
    ),
    "biotypes of no annotation": ({"gtf_biotypes": "all"}, "--gtf_biotypes has no effect without"),
    "a trained model and training": (
        {"pretrained": "x", "train_on": "K"},
        "--pretrained and --train_on cannot be combined",
    ),
    "a step between bins": ({"step": 150}, "--step 150 is not a multiple of --bin_size 100"),
    "a step beyond a window": ({"step": 2100}, "--step 2100 is wider than a window (2000 bp)"),
    "two cut-offs": (
        {"call_at": "number:9", "threshold": 0.4},
        "--call_at number:9 and --threshold 0.4 both say where calls begin",
    ),
    "a precision that cannot be measured": (
        {"call_at": "precision:0.8", "split": "random", "models": "cnn"},
        "--call_at precision:0.8 needs probabilities at natural prevalence",
    ),
    "promoters that are not called": (
        {"call_at": "promoter=number:9", "classes": 2},
        "names promoters, which --classes 2 does not call",
    ),
    "midpoints by featureCounts": (
        {"counter": "featurecounts", "count_at": "midpoint"},
        "--counter featurecounts cannot count at midpoints",
    ),
    "annotations without labels": (
        {"annotations": "annotations.csv", "labels": None, "pretrained": "x"},
        "--annotations needs --labels",
    ),
    "an experiment of no sample": ({"crispr": "x.bed"}, "--crispr_sample is missing"),
    "a sample of no experiment": ({"crispr_sample": "K"}, "has no effect without --crispr"),
    "cells of no experiment": ({"crispr_cell_type": "K562"}, "has no effect without --crispr"),
    "a chain of no experiment": ({"crispr_chain": "x.bed"}, "has no effect without --crispr"),
    "an experiment of an unknown sample": (
        {"crispr": "x.bed", "crispr_sample": "M"},
        "--crispr_sample: sample 'M' is not predicted",
    ),
    "a comma to train on": ({"train_on": ","}, "--train_on is an empty list"),
    "nothing to predict": ({"predict_on": ""}, "--predict_on is an empty list"),
    "no bundle": ({"pretrained": " , "}, "--pretrained is an empty list"),
    "an unknown sample to train on": ({"train_on": "M"}, "sample 'M' has no row in --labels"),
    "a sample in other capitals": ({"predict_on": "k"}, "sample 'k' is not in --input"),
    "two folds": ({"folds": 2}, "training, validation and testing need 3 folds"),
    "one fold": ({"folds": 1}, "training, validation and testing need 3 folds"),
    "fewer reads of nothing labelled": (
        {"labels": "labels_of_k.csv", "predict_on": "L", "depths": "0.5"},
        "--depths 0.5: no predicted sample has a row in --labels",
    ),
    "forests of all samples": (
        {"train_together": True, "models": "rf,drf"},
        "--train_together: rf learns from one sample; choose --models drf",
    ),
    "folds of all samples": (
        {"train_together": True, "models": "drf", "folds": 3},
        "--train_together and --folds cannot be combined",
    ),
    "a random split of drf": ({"split": "random", "models": "drf"}, "--split random: drf would"),
    "wide bins of drf": ({"bin_size": 300, "step": 300}, "--models drf needs --bin_size 200 or"),
    "rules without open chromatin": ({"models": "ccre"}, "needs an accessibility track: K, L"),
    "rules for poised elements": ({"models": "ccre", "classes": 5}, "5 classes need nascent RNA"),
    "controls that are not there": ({"control": "subtract"}, "needs a control for every BAM"),
    "a sample against itself": ({"compare": "K:K"}, "a sample cannot be compared with itself"),
    "a pair without a model": ({"compare": "K:L"}, "no model predicts both"),
    "two pairs of one name": (
        {"input": "versus.csv", "labels": "labels_of_k.csv", "models": "cnn"},
        "comparing K:L_vs_M and K_vs_L:M would both be called K_vs_L_vs_M.cnn_from_K",
    ),
}
ALLOWED: dict[str, dict[str, object]] = {
    "TSSs of an annotation": {"tss": None, "gtf": "genes.gtf"},
    "TSSs of an annotation in place of those of a genome": {
        **{"tss": None, "gtf": "genes.gtf", "gtf_biotypes": "protein_coding, ncRNA"},
        "genome": "hg38",
    },
    "labels from reads alone": {
        **{"input": "three.csv", "labels": "labels_alone.csv", "tss": "tss.bed"},
        "enhancer_labels": "h3k27ac",
    },
    "rules without labels": {"input": "three.csv", "models": "ccre", "tss": "tss.bed"},
    "rules with the TSSs of an assembly": {
        **{"input": "three.csv", "models": "ccre", "genome": "mm10"},
    },
    "amounts of rules": {
        **{"input": "three.csv", "models": "ccre", "tss": "tss.bed", "call_at": "number:9"},
    },
}
CASES = {**NAMES, **RANGES, **CHOICES, **FILES_GIVEN, **TOGETHER}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parameters")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    changed = {case: GOOD | given for case, (given, _) in CASES.items()}
    good: dict[str, dict[str, object]] = {"as it should be": GOOD}
    good |= {case: GOOD | given if "gtf" in given else given for case, given in ALLOWED.items()}
    return answers(folder, changed | good)


def test_what_is_changed_in_each_case_is_good_without(said):
    assert said["as it should be"] == ""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_parameter_is_refused(case, said):
    assert CASES[case][1] in said[case]


@pytest.mark.parametrize("case", ALLOWED)
def test_labels_of_reads_and_rules_without_labels_are_accepted(case, said):
    assert said[case] == ""
