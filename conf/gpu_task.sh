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
# whichever process or run of this user it is part of. The lock ends with the task, however that ends.
claim_one_of() {
    while true; do
        for gpu in "$@"; do
            exec 9>"/tmp/deepregfinder-$(id -u)-gpu-$gpu.lock"
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
