"""When two names of an entity are one, by the official scorer's rule."""


def norm(entity: str) -> str:
    """Lower case, without one 《 at the start and 》 at the end if both are there; the official rule."""
    lower = entity.lower()
    return lower[1:-1] if lower[:1] == "《" and lower[-1:] == "》" else lower
