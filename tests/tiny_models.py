"""Tiny models of random weights that llama.cpp really loads: a few hundred kB each, written in well under a second.

They know nothing, so what they answer shows what holds whatever a model says: grammars, budgets, the bookkeeping of
positions and prefixes. The tokenizer is byte-level: 256 byte tokens, one merge, and the marks that chat templates and
projectors use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

CONTEXT_TOKENS = 32_768  # what the models say they were trained on
SPECIALS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<start_of_image>",
    "<end_of_image>",
)
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ATTENTION = 3.0  # gain of its weights: with plain random ones, a model hardly heeds what stands further back
SLIDING_WINDOW = 128  # tokens that gemma3's local layers see: short, so that tests leave it behind


@dataclass(frozen=True)
class TinyModel:
    model: Path
    projector: Path | None
    pixels_per_token: int  # of a picture


@dataclass(frozen=True)
class TinyModels:
    """One model for each architecture that the profiles name. Only `llama` and `lfm2` see no pictures."""

    llama: TinyModel
    lfm2: TinyModel  # hybrid: part of its memory is a state that cannot be rewound
    qwen2vl: TinyModel
    qwen25vl: TinyModel
    qwen3vl: TinyModel
    gemma3: TinyModel  # attends within a sliding window in most of its layers

    @property
    def seeing(self) -> dict[str, TinyModel]:
        return {name: model for name, model in self.by_name.items() if model.projector}

    @property
    def by_name(self) -> dict[str, TinyModel]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def write_tiny_models(folder: Path) -> TinyModels:
    """Write all of them into `folder`, the same bytes every time."""
    return TinyModels(
        llama=_pair(folder, "llama", "llama", seed=0),
        lfm2=_pair(folder, "lfm2", "lfm2", seed=4),
        qwen2vl=_pair(folder, "qwen2vl", "qwen2vl", "qwen2vl_merger", seed=0),
        qwen25vl=_pair(folder, "qwen25vl", "qwen2vl", "qwen2.5vl_merger", seed=1),
        qwen3vl=_pair(folder, "qwen3vl", "qwen3vl", "qwen3vl_merger", seed=2),
        gemma3=_pair(folder, "gemma3", "gemma3", "gemma3", seed=3),
    )


def _pair(folder: Path, name: str, architecture: str, projector: str | None = None, *, seed: int) -> TinyModel:
    model = folder / f"tiny-{name}.gguf"
    write_text_model(model, architecture, seed=seed)
    if projector is None:
        return TinyModel(model, None, 784)
    sight = folder / f"mmproj-tiny-{name}.gguf"
    write_projector(sight, projector, seed=seed)
    pixels = {"qwen3vl_merger": 32 * 32, "gemma3": 28 * 28}.get(projector, 28 * 28)
    return TinyModel(model, sight, pixels)


class _Weights:
    """A GGUF file being written, with random tensors from one seed."""

    def __init__(self, path: Path, architecture: str, seed: int) -> None:
        self.file = gguf.GGUFWriter(path, architecture)
        self.file.add_name(path.stem)
        self.rng = np.random.default_rng(seed)

    def random(self, name: str, *shape: int, scale: float | None = None) -> None:
        scale = scale if scale is not None else 1.0 / float(np.sqrt(np.prod(shape[1:])))
        self.file.add_tensor(name, (self.rng.standard_normal(shape) * scale).astype(np.float32))

    def norm(self, name: str, size: int, *, bias: bool = False) -> None:
        self.file.add_tensor(f"{name}.weight", np.ones(size, np.float32))
        if bias:
            self.file.add_tensor(f"{name}.bias", np.zeros(size, np.float32))

    def linear(self, name: str, rows: int, columns: int, *, bias: bool = False, gain: float = 1.0) -> None:
        self.random(f"{name}.weight", rows, columns, scale=gain / float(np.sqrt(columns)))
        if bias:
            self.file.add_tensor(f"{name}.bias", np.zeros(rows, np.float32))

    def write(self) -> None:
        self.file.write_header_to_file()
        self.file.write_kv_data_to_file()
        self.file.write_tensors_to_file()
        self.file.close()


def write_text_model(
    path: Path,
    architecture: str,
    *,
    seed: int = 0,
    dim: int = 64,
    layers: int = 2,
    heads: int = 4,
    kv_heads: int = 2,
    template: str | None = CHATML,
    add_bos: bool = False,
    context_tokens: int = CONTEXT_TOKENS,
) -> None:
    """A language model: architecture `llama`, `lfm2`, `qwen2vl` (also Qwen2.5-VL), `qwen3vl` or `gemma3`."""
    weights, head = _Weights(path, architecture, seed), dim // heads
    hybrid = architecture == "lfm2"
    file = weights.file
    file.add_context_length(context_tokens)
    file.add_embedding_length(dim)
    file.add_block_count(layers)
    file.add_feed_forward_length(dim * 2)
    file.add_head_count(heads)
    file.add_head_count_kv([0, kv_heads] if hybrid else kv_heads)  # a layer without heads is recurrent
    file.add_layer_norm_rms_eps(1e-6)
    file.add_rope_freq_base(1e6)
    file.add_rope_dimension_count(head)
    file.add_key_length(head)
    file.add_value_length(head)
    file.add_file_type(0)
    if architecture in ("qwen2vl", "qwen3vl"):  # how many pairs of a head turn by time, height and width
        time = head // 8
        space = (head // 2 - time) // 2
        file.add_rope_dimension_sections([head // 2 - 2 * space, space, space, 0])
    if architecture == "qwen3vl":
        file.add_uint32("qwen3vl.n_deepstack_layers", 1)
    if architecture == "gemma3":
        file.add_sliding_window(SLIDING_WINDOW)
    if hybrid:
        file.add_shortconv_l_cache(3)
    vocabulary = _add_vocabulary(file, template, add_bos=add_bos)
    enlarged = float(np.sqrt(dim)) if architecture == "gemma3" else 1.0  # by the model itself
    weights.random("token_embd.weight", vocabulary, dim, scale=1.0 / enlarged)
    weights.norm("token_embd_norm" if hybrid else "output_norm", dim)
    weights.linear("output", vocabulary, dim)
    for layer in range(layers):
        _add_layer(weights, f"blk.{layer}.", architecture, dim, head, kv_heads * head, conv=hybrid and not layer)
    weights.write()


def _add_layer(weights: _Weights, at: str, architecture: str, dim: int, head: int, narrow: int, *, conv: bool) -> None:
    weights.norm(f"{at}attn_norm", dim)
    weights.norm(f"{at}ffn_norm", dim)
    weights.linear(f"{at}ffn_gate", dim * 2, dim)
    weights.linear(f"{at}ffn_up", dim * 2, dim)
    weights.linear(f"{at}ffn_down", dim, dim * 2)
    if conv:
        weights.random(f"{at}shortconv.conv.weight", dim, 3)
        weights.linear(f"{at}shortconv.in_proj", 3 * dim, dim)
        weights.linear(f"{at}shortconv.out_proj", dim, dim)
        return
    for name, rows in (("q", dim), ("k", narrow), ("v", narrow)):
        weights.linear(f"{at}attn_{name}", rows, dim, bias=architecture == "qwen2vl", gain=ATTENTION)
    weights.linear(f"{at}attn_output", dim, dim, gain=ATTENTION)
    if architecture in ("qwen3vl", "gemma3", "lfm2"):
        weights.norm(f"{at}attn_q_norm", head)
        weights.norm(f"{at}attn_k_norm", head)
    if architecture == "gemma3":
        weights.norm(f"{at}post_attention_norm", dim)
        weights.norm(f"{at}post_ffw_norm", dim)


def write_projector(
    path: Path,
    kind: str,
    *,
    seed: int = 0,
    text_dim: int = 64,
    dim: int = 32,
    layers: int = 2,
    image_px: int = 224,
) -> None:
    """What turns a picture into tokens: `qwen2vl_merger`, `qwen2.5vl_merger`, `qwen3vl_merger` or `gemma3`."""
    weights = _Weights(path, "clip", seed)
    file, deep, windowed = weights.file, kind == "qwen3vl_merger", kind == "qwen2.5vl_merger"
    patch_px = 16 if deep else 14
    file.add_bool("clip.has_vision_encoder", True)
    file.add_string("clip.projector_type", kind)
    sizes: dict[str, int] = {
        "embedding_length": dim,
        "feed_forward_length": dim * 3,
        "block_count": layers,
        "projection_dim": text_dim,
        "attention.head_count": 2,
        "image_size": image_px,
        "patch_size": patch_px,
    }
    for name, size in sizes.items():
        file.add_uint32(f"clip.vision.{name}", size)
    file.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    file.add_array("clip.vision.image_mean", [0.48145466, 0.4578275, 0.40821073])
    file.add_array("clip.vision.image_std", [0.26862954, 0.26130258, 0.27577711])
    file.add_bool("clip.use_silu" if windowed else "clip.use_gelu", True)
    if windowed:
        file.add_uint32("clip.vision.n_wa_pattern", 2)
    if deep:
        file.add_uint32("clip.vision.spatial_merge_size", 2)
        file.add_array("clip.vision.is_deepstack_layers", [layer == 0 for layer in range(layers)])
    _add_patches(weights, kind, dim, patch_px, (image_px // patch_px) ** 2)
    for layer in range(layers):
        _add_vision_layer(weights, f"v.blk.{layer}.", kind, dim)
    if deep:
        weights.norm("v.deepstack.0.norm", 4 * dim, bias=True)
        weights.linear("v.deepstack.0.fc1", 4 * dim, 4 * dim, bias=True)
        weights.linear("v.deepstack.0.fc2", text_dim, 4 * dim, bias=True)
    weights.norm("v.post_ln", dim, bias=not windowed)
    if kind == "gemma3":
        weights.linear("mm.input_projection", dim, text_dim)  # stored transposed
        weights.norm("mm.soft_emb_norm", dim)
    else:
        weights.linear("mm.0", 4 * dim, 4 * dim, bias=True)
        weights.linear("mm.2", text_dim, 4 * dim, bias=True)
    weights.write()


def _add_patches(weights: _Weights, kind: str, dim: int, patch_px: int, patches: int) -> None:
    weights.random("v.patch_embd.weight", dim, 3, patch_px, patch_px)
    if kind != "gemma3":
        weights.random("v.patch_embd.weight.1", dim, 3, patch_px, patch_px)
    if kind in ("qwen3vl_merger", "gemma3"):
        weights.file.add_tensor("v.patch_embd.bias", np.zeros(dim, np.float32))
        weights.random("v.position_embd.weight", patches, dim, scale=0.5)


def _add_vision_layer(weights: _Weights, at: str, kind: str, dim: int) -> None:
    windowed = kind == "qwen2.5vl_merger"
    weights.norm(f"{at}ln1", dim, bias=not windowed)
    weights.norm(f"{at}ln2", dim, bias=not windowed)
    parts: Sequence[tuple[str, int]] = [("qkv", 3 * dim)] if kind == "qwen3vl_merger" else [(n, dim) for n in "qkv"]
    for name, rows in parts:
        weights.linear(f"{at}attn_{name}", rows, dim, bias=True)
    weights.linear(f"{at}attn_out", dim, dim, bias=True)
    weights.linear(f"{at}ffn_up", dim * 3, dim, bias=True)
    weights.linear(f"{at}ffn_down", dim, dim * 3, bias=True)
    if windowed:
        weights.linear(f"{at}ffn_gate", dim * 3, dim, bias=True)


def _add_vocabulary(file: Any, template: str | None, *, add_bos: bool) -> int:
    """Byte tokens in GPT-2's printable spelling, then the marks. How many tokens that is."""
    spelled = _printable_bytes()
    tokens = [*spelled, *SPECIALS]
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("qwen2")
    file.add_token_list(tokens)
    file.add_token_types([1] * len(spelled) + [3] * len(SPECIALS))  # normal, control
    file.add_token_merges(["Ġ Ġ"])  # the list must not be empty; this one makes a token that does not exist
    file.add_bos_token_id(tokens.index("<|endoftext|>"))
    file.add_eos_token_id(tokens.index("<|im_end|>"))
    file.add_pad_token_id(tokens.index("<|endoftext|>"))
    file.add_add_bos_token(add_bos)
    if template is not None:
        file.add_chat_template(template)
    file.add_vocab_size(len(tokens))
    return len(tokens)


def _printable_bytes() -> list[str]:
    """How GPT-2's tokenizers spell each byte: printable ones as themselves, the others from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
