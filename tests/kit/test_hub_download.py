"""The full-size model's way from the hub, with the real client and a small hub on this machine."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants, hf_api
from kit import DEEPFLOYD, KitError, embed, load_stage_1
from safetensors.torch import save_file

from solutions.editing import inpaint
from solutions.illusions import make_hybrids, visual_anagrams
from solutions.sampling import iterative_denoise_cfg, one_step_denoise

TOKEN = "hf_of_this_test"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """A hub with one gated model, the files of a directory.

    Attributes:
        url: Where it answers.
        files: Names of the files that were asked for.
    """

    url: str = ""
    files: list[str] = field(default_factory=list)


def entry(path: Path, folder: Path) -> dict[str, Any]:
    """What a hub's listing says of a file."""
    name, size = path.relative_to(folder).as_posix(), path.stat().st_size
    return {"type": "file", "path": name, "size": size, "oid": COMMIT}


def handler(folder: Path, hub: Hub) -> type[http.server.BaseHTTPRequestHandler]:
    """Answers as the hub does: what the model has, and its files, for those with a token."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                return self.reply(401, b"", {"X-Error-Code": "GatedRepo"})
            about_model = f"/api/models/{DEEPFLOYD}"
            if path == about_model or path.startswith(f"{about_model}/revision/"):
                siblings = [{"rfilename": entry(p, folder)["path"]} for p in files]
                about = {"id": DEEPFLOYD, "sha": COMMIT, "siblings": siblings}
                return self.reply(200, json.dumps(about).encode())
            if path == f"{about_model}/tree/{COMMIT}":
                return self.reply(200, json.dumps([entry(p, folder) for p in files]).encode())
            file = folder / path.partition(f"/resolve/{COMMIT}/")[2]
            if not file.is_file():
                return self.reply(404, b"", {"X-Error-Code": "EntryNotFound"})
            if self.command == "GET":
                hub.files.append(file.relative_to(folder).as_posix())
            body = file.read_bytes()
            tag = hashlib.sha256(body).hexdigest()
            return self.reply(200, body, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

        do_HEAD = do_GET  # noqa: N815

        def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler


@pytest.fixture
def hub(
    deepfloyd_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """A hub on a free port, with which the client works instead of the real one."""
    found, folder = Hub(), Path(shutil.copytree(deepfloyd_directory, tmp_path / "served"))
    index = json.loads((folder / "model_index.json").read_text())
    index["text_encoder"] = ["transformers", "T5EncoderModel"]
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "text_encoder").mkdir()
    for name in ("text_encoder/model.fp16", "unet/diffusion_pytorch_model"):
        (folder / f"{name}.safetensors").write_bytes(b"gigabytes that nobody asks for")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(folder, found))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", found.url)
    monkeypatch.setattr(hf_api.api, "endpoint", found.url)
    template = f"{found.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield found
    server.shutdown()
    server.server_close()
    thread.join(timeout=60)


def test_without_a_token_the_gate_is_explained(hub: Hub) -> None:
    """The hub answers 401; the message says licence, token, login."""
    with pytest.raises(KitError, match=r"is gated: accept its licence.*HF_TOKEN") as caught:
        load_stage_1(DEEPFLOYD, device="cpu")
    assert "\n" not in str(caught.value)
    assert hub.files == []


def test_with_a_token_all_of_part_a_runs_on_precomputed_embeddings(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only half-precision files come, none of a text encoder; then the cache serves offline."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    stage_1: Any = load_stage_1(DEEPFLOYD, device="cpu")
    weights = [name for name in hub.files if name.endswith((".safetensors", ".bin"))]
    assert weights == ["unet/diffusion_pytorch_model.fp16.safetensors"]
    assert stage_1.text_encoder is None
    assert stage_1.unet.dtype == torch.float32  # half precision is slow on CPUs

    wide = stage_1.unet.config.encoder_hid_dim
    prompts = ["a rocket ship", "a pencil", ""]
    save_file({p: torch.randn(1, 77, wide) for p in prompts}, tmp_path / "prompts.safetensors")
    found = embed(prompts, stage_1, embeddings=tmp_path / "prompts.safetensors")
    first, second, nothing = (found[prompt] for prompt in prompts)
    timesteps, x = [90, 60, 30, 0], torch.randn(1, 3, 64, 64)
    pair = (first, second)
    results = [
        one_step_denoise(stage_1, x, 90, first),
        iterative_denoise_cfg(stage_1, x, 0, first, nothing, timesteps),
        inpaint(stage_1, x, torch.ones(1, 3, 64, 64), first, nothing, timesteps),
        visual_anagrams(stage_1, x, 0, pair, nothing, timesteps),
        make_hybrids(stage_1, x, 0, pair, nothing, timesteps),
    ]
    for image in results:
        assert image.shape == (1, 3, 64, 64)
        assert bool(torch.isfinite(image).all())

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.files.clear()
    assert load_stage_1(DEEPFLOYD, device="cpu").text_encoder is None
    assert hub.files == []
