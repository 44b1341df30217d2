"""What to do next when a model of the hub does not load."""

from __future__ import annotations

from collections.abc import Iterator


def explain_hub_failure(name: str, error: BaseException) -> str:
    """Turn an exception of `from_pretrained` into one plain line with the next step.

    Args:
        name: Hub name that was asked for.
        error: What was raised.
    """
    from huggingface_hub import constants
    from huggingface_hub import errors as hub

    chain = tuple(_chain(error))
    text = " ".join(str(link) for link in chain).lower()
    if any(isinstance(link, hub.GatedRepoError) for link in chain) or "gated repo" in text:
        return (
            f"{name} is gated: accept its licence on its model page while logged in, make a read "
            "token in your account's settings, then run huggingface_hub.login() or set HF_TOKEN"
        )
    if any(isinstance(link, hub.RepositoryNotFoundError) for link in chain) or "401" in text:
        return (
            f"{name} is neither a directory here nor a model that you may read on the hub: check "
            "the spelling, and log in with huggingface_hub.login() if it is private or gated"
        )
    if constants.HF_HUB_OFFLINE:
        return (
            f"{name} is not in the local cache and HF_HUB_OFFLINE is set: unset it to download, "
            "or call load_stage_1() for the miniature, which needs no network"
        )
    if _is_network(chain, text):
        return (
            f"{name} is not in the local cache and the hub cannot be reached: check the network, "
            "or call load_stage_1() for the miniature, which needs none"
        )
    if "no space left" in text:
        return (
            f"{name} does not fit on the disk: free some gigabytes, or set HF_HOME to a folder on "
            "a larger disk"
        )
    if "out of memory" in text:
        return f"{name} does not fit into the memory of the device: try cpu_offload=True"
    return f"{name} did not load ({type(error).__name__}: {_line(error)})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_network(chain: tuple[BaseException, ...], text: str) -> bool:
    from huggingface_hub import errors as hub

    kinds = (ConnectionError, TimeoutError, hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled)
    words = ("connect", "offline", "timed out", "name resolution", "network is unreachable")
    # What diffusers says once it has looked for the model in vain.
    in_vain = ("outgoing traffic", "not fully cached")
    return any(isinstance(link, kinds) for link in chain) or any(
        word in text for word in (*words, *in_vain)
    )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
