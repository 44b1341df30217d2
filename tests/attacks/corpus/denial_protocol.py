"""Answers that try to stall, flood or crash what reads their replies."""

from __future__ import annotations

from ..attack import Attack, answer

_FRAME = """
import json, os, struct

def send(header, payload=b"", announced=None):
    size = len(payload) if announced is None else announced
    os.write(3, struct.pack("!4sIQ", b"DCW1", len(header), size) + header + payload)

"""

ATTACKS = (
    Attack(
        "huge-reply",
        "a1_2_classical",
        "Answers with 200 MiB.",
        answer("""
        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return torch.zeros(50 * 2 ** 20)
        """),
    ),
    Attack(
        "announces-a-huge-frame",
        "a1_4_timesteps",
        "Announces a frame of 2 ** 60 bytes.",
        answer(_FRAME)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            send(b'{"$d":[["ok",1]]}', announced=2 ** 60)
            return []
        """),
    ),
    Attack(
        "overflowing-shape",
        "a1_4_timesteps",
        "Describes an empty tensor whose other dimensions multiply to more than 64 bits.",
        answer(_FRAME)
        + answer("""
        tensor = {"$t": ["float32", [0, *[2 ** 28] * 7], 0]}
        send(json.dumps({"$d": [["ok", tensor]]}).encode())

        def strided_timesteps(start=990, stride=30):
            return []
        """),
    ),
    Attack(
        "not-the-protocol",
        "a1_4_timesteps",
        "Writes bytes to the protocol's descriptor that are no frame.",
        answer("""
        import os

        def strided_timesteps(start=990, stride=30):
            os.write(3, b"HTTP/1.1 200 OK\\r\\n\\r\\n" + bytes(range(256)))
            return []
        """),
    ),
    Attack(
        "many-parts",
        "a1_4_timesteps",
        "Answers with a list of three million numbers.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            return [0] * 3_000_000
        """),
    ),
    Attack(
        "deep-nesting",
        "a1_4_timesteps",
        "Answers with 100,000 lists within each other.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            value = []
            for _ in range(100_000):
                value = [value]
            return value
        """),
    ),
    Attack(
        "recursive-structure",
        "b2_2_schedule",
        "Answers with a dictionary that holds itself.",
        answer("""
        def ddpm_schedule(beta1, beta2, num_ts):
            tables = {}
            for key in ("betas", "alphas", "alpha_bars"):
                tables[key] = tables
            return tables
        """),
    ),
    Attack(
        "deep-header",
        "a1_4_timesteps",
        "Sends a header of a million opening brackets.",
        answer(_FRAME)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            send(b"[" * 10 ** 6)
            return []
        """),
    ),
    Attack(
        "endless-iterator",
        "a1_4_timesteps",
        "Answers with an iterator that never ends.",
        answer("""
        import itertools

        def strided_timesteps(start=990, stride=30):
            return itertools.count()
        """),
        memory_mib=128,
        wall=30.0,
    ),
    Attack(
        "enormous-integer",
        "a1_4_timesteps",
        "Answers with an integer of 4000 digits, in a frame of its own.",
        answer(_FRAME)
        + answer("""
        def strided_timesteps(start=990, stride=30):
            send(b'{"$d":[["ok",[' + b"9" * 4000 + b']]]}')
            return []
        """),
        forbidden=("9" * 40,),
    ),
    Attack(
        "slow-drip",
        "a1_4_timesteps",
        "Sends its reply one byte every tenth of a second.",
        answer("""
        import os, struct, time

        def strided_timesteps(start=990, stride=30):
            os.write(3, struct.pack("!4sIQ", b"DCW1", 2 ** 20, 0))
            while True:
                os.write(3, b" ")
                time.sleep(0.1)
        """),
        wall=3.0,
    ),
    Attack(
        "memory-behind-a-drip",
        "a1_4_timesteps",
        "Takes shared memory while it keeps the grader reading, byte by byte.",
        answer("""
        import mmap, os, struct

        kept = []

        def strided_timesteps(start=990, stride=30):
            os.write(3, struct.pack("!4sIQ", b"DCW1", 2 ** 22, 0))
            while True:
                os.write(3, b" ")
                if len(kept) < 256:
                    kept.append(mmap.mmap(-1, 2 ** 22))
                    kept[-1][::4096] = b"x" * 1024
        """),
        memory_mib=128,
        wall=8.0,
        slow=True,
    ),
    Attack(
        "closes-the-connection",
        "a1_4_timesteps",
        "Closes every descriptor, and goes on running.",
        answer("""
        import os, time

        def strided_timesteps(start=990, stride=30):
            os.closerange(0, 256)
            time.sleep(600)
        """),
        slow=True,
    ),
    Attack(
        "reads-the-requests",
        "a1_4_timesteps",
        "Reads the grader's next request away from the worker's loop.",
        answer("""
        import os, threading

        threading.Thread(target=lambda: os.read(3, 2 ** 20), daemon=True).start()

        def strided_timesteps(start=990, stride=30):
            return []
        """),
        wall=4.0,
        slow=True,
    ),
    Attack(
        "pipeline-flood",
        "a1_3_one_step",
        "Calls the served UNet without end, whatever it answers.",
        answer("""
        def one_step_denoise(stage_1, im_noisy, t, prompt_embeds):
            while True:
                try:
                    stage_1.unet(im_noisy, t, encoder_hidden_states=prompt_embeds)
                except RuntimeError:
                    pass
        """),
        wall=6.0,
        slow=True,
    ),
    Attack(
        "huge-pictures-to-the-pipeline",
        "a1_3_one_step",
        "Sends pictures of 60 MiB to the served UNet.",
        answer("""
        def one_step_denoise(stage_1, im_noisy, t, prompt_embeds):
            big = torch.zeros(1200, 3, 64, 64)
            embeds = prompt_embeds.expand(1200, -1, -1)
            return stage_1.unet(big, t, encoder_hidden_states=embeds).sample
        """),
    ),
    Attack(
        "wakes-stolen",
        "a1_4_timesteps",
        "Reads the fork server's wake-up pipe empty, so that it misses ended workers.",
        answer("""
        import glob, os, threading

        def steal(path):
            try:
                descriptor = os.open(path, os.O_RDONLY)
                while os.read(descriptor, 4096):
                    pass
            except OSError:
                pass

        for path in glob.glob("/proc/[0-9]*/fd/*"):
            if os.path.lexists(path) and "pipe:" in os.path.realpath(path):
                threading.Thread(target=steal, args=(path,), daemon=True).start()

        def strided_timesteps(start=990, stride=30):
            return []
        """),
        stopped_by="strict",
        harms="reads the pipes of other processes",
    ),
    Attack(
        "descriptors-over-the-socket",
        "a1_4_timesteps",
        "Sends its descriptors over the protocol's socket until the grader has no more.",
        answer("""
        import os, socket

        link = socket.socket(fileno=os.dup(3))
        kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(60)]

        def strided_timesteps(start=990, stride=30):
            for _ in range(100):
                socket.send_fds(link, [b"x"], kept)
            return []
        """),
    ),
)
