# Sourced before a task that asks for a GPU, where it runs and outside of its container (conf/base.config):
#   gpu_task.sh DEVICE ENGINE EXECUTOR      --device, the container engine or "none", the executor
# Afterwards CUDA_VISIBLE_DEVICES names the GPU that the task may use.

gpus() { nvidia-smi --query-gpu=uuid --format=csv,noheader 2>/dev/null || true; }

# Docker and Podman fail on --gpus without a driver, before the task can say why.
if [ "$1" = cuda ] && [[ $2 =~ ^(docker|podman)$ ]] && [ -z "$(gpus)" ]; then
    echo "ERROR: --device cuda was asked for but no GPU is visible: nvidia-smi finds none on $(uname -n). The NVIDIA driver must work there and be new enough for the cuda image (525.60.13), and $2 needs the NVIDIA container toolkit. Without a GPU, drop the profile gpu." >&2
    exit 1
fi

# A cluster's scheduler gives each task a GPU of its own. On one machine we do: a GPU belongs to one task at a time,
# whichever process or run of this user it is part of. The lock ends with the task, however that ends. Others can write to
# /tmp as well: the locks are in a folder that only this user can write to, so that no lock is a link to another file.
claim_one_of() {
    locks=/tmp/deepregfinder-$(id -u)
    mkdir -m 700 "$locks" 2>/dev/null || true
    if [ -L "$locks" ] || [ ! -d "$locks" ] || [ ! -O "$locks" ]; then
        echo "ERROR: the locks of GPUs cannot be kept in ${locks}: it is a link, a file, or the folder of another user. Remove it, or ask its owner to." >&2
        exit 1
    fi
    while true; do
        for gpu in "$@"; do
            exec 9>>"$locks/gpu-${gpu//\//_}.lock"
            if flock -n 9; then
                export CUDA_VISIBLE_DEVICES=$gpu
                return
            fi
        done
        sleep 1
    done
}

if [ "$3" = local ]; then
    visible=${CUDA_VISIBLE_DEVICES-$(gpus)}
    if [ -n "$visible" ]; then claim_one_of ${visible//,/ }; fi
fi
