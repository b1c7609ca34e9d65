"""Hours and weathers of the simulated streets."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


def toned(colour: Colour, tone: float) -> Colour:
    r, g, b = (max(0, min(255, int(c * tone))) for c in colour)
    return r, g, b


@dataclass(frozen=True)
class Light:
    sky_top: Colour
    sky_low: Colour
    ambient: tuple[float, float, float]
    """Share of each colour that comes back without lamps."""
    sun: tuple[float, float] | None = None
    """Where the shadow of a metre of height falls, in metres east and north; None where nothing casts one."""
    lamps: bool = False
    lit_windows: float = 0.0
    haze: Colour = (200, 208, 216)
    haze_at_m: float = 400.0
    """Depth at which two thirds of a thing's colour are lost."""
    wet: bool = False
    rain: bool = False
    snow: bool = False


LIGHTS: dict[str, Light] = {
    "day": Light((86, 140, 204), (196, 216, 232), (1.0, 1.0, 0.98), sun=(0.55, 0.28)),
    "noon": Light((70, 132, 206), (190, 214, 234), (1.05, 1.04, 1.0), sun=(-0.3, 0.22)),
    "overcast": Light((168, 176, 184), (206, 210, 212), (0.86, 0.88, 0.9), haze_at_m=260),
    "golden": Light(
        (98, 128, 176), (246, 204, 150), (1.04, 0.9, 0.72), sun=(-1.5, 0.5), haze=(240, 206, 160)
    ),
    "dusk": Light(
        (38, 48, 92), (214, 136, 108), (0.44, 0.42, 0.54), lamps=True, lit_windows=0.35, haze=(120, 96, 110)
    ),
    "night": Light(
        (8, 11, 24), (30, 34, 54), (0.27, 0.3, 0.4), lamps=True, lit_windows=0.3, haze=(26, 28, 42)
    ),
    "rain": Light(
        (128, 136, 144),
        (164, 170, 176),
        (0.62, 0.66, 0.7),
        lamps=True,
        lit_windows=0.2,
        haze=(150, 156, 162),
        haze_at_m=140,
        wet=True,
        rain=True,
    ),
    "night rain": Light(
        (10, 12, 22),
        (36, 38, 54),
        (0.24, 0.27, 0.35),
        lamps=True,
        lit_windows=0.28,
        haze=(40, 42, 54),
        haze_at_m=150,
        wet=True,
        rain=True,
    ),
    "fog": Light(
        (186, 190, 192), (198, 200, 200), (0.8, 0.81, 0.82), lamps=True, haze=(196, 199, 200), haze_at_m=48
    ),
    "snow": Light(
        (186, 192, 200), (210, 214, 220), (0.94, 0.97, 1.02), haze=(208, 213, 220), haze_at_m=110, snow=True
    ),
}
