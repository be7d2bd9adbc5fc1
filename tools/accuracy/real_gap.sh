#!/usr/bin/env bash
# Compare simulated reads with real counts of GM12878 and K562, by ../shared/tools/real-gap.
#
#   tools/accuracy/real_gap.sh FOLDER [SEED [READS_PER_MB]]     (4 to 6 minutes on 2 busy cores, 2 GB)
#
# Simulates chr1 and chr10 of both lines (7 marks, 10,000 reads per Mb and mark) into FOLDER and prints the table of each
# line. DRF_SHARED_DATA says where the real data are (default ../shared/data); real-gap lies in ../tools beside it.
set -euo pipefail
folder=${1:?a folder for BAM files}
seed=${2:-1}
reads=${3:-10000}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$(realpath "${DRF_SHARED_DATA:-$here/../shared/data}")
export PATH=$here/.venv/bin:$PATH OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
for line in GM12878 K562; do
    "$here/bin/simulate_panel.py" --outdir "$folder/$line" --samples "$line" --seed "$seed" --reads_per_mb "$reads" \
        --marks H3K4me1,H3K4me3,H3K36me3,H3K27me3,H3K9me3,H3K27ac,H3K9ac --chroms chr1,chr10 \
        --peaks "$data/encode_hg19" --tss "$data/annotation_hg19/RefSeqTSS.hg19.bed.gz" \
        --chrom_sizes "$data/annotation_hg19/hg19.chrom.sizes" --blacklist "$data/annotation_hg19/hg19-blacklist.v2.bed"
    "$data/../tools/real-gap" "$line" "$folder/$line"
done
