"""The network of `traffic`: a week of volumes and what is known of the next day, to its volumes.

Volumes below 0 are not known: such an hour counts as the mean of the same hour on the days of the
context that are known.  Everything is in real units outside, in thousands of cars within.
"""

import torch
from torch import Tensor, nn

from training.series.forecasting import QUANTILES

DAYS, DAY = 7, 24
CONTEXT, HORIZON = DAYS * DAY, DAY
THOUSAND = 1000.0
FREEZING_K, DEGREES = 273.15, 20.0
_WEEKDAYS = 7
_WEATHER = 4


class Road(nn.Module):
    """Context (N, CONTEXT, 1) and future (N, HORIZON, K) to mean (N, HORIZON, 1) and quantiles.

    `margins` (HORIZON, Q) are added to the quantiles; they are fitted after the rest.
    """

    def __init__(self, width: int = 128, dropout: float = 0.1) -> None:
        super().__init__()
        self.week = nn.Sequential(nn.Linear(CONTEXT, width), nn.ReLU(), nn.Linear(width, 32))
        given = DAYS + 32 + DAY + 2 * DAY + _WEEKDAYS + _WEATHER + _WEEKDAYS * DAY
        self.hours = nn.Sequential(
            nn.Linear(given, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 1 + len(QUANTILES)),
        )
        self.register_buffer("margins", torch.zeros(HORIZON, len(QUANTILES)))
        self.register_buffer("steps", torch.eye(DAY))
        # As a plain number it would come out of the exporter in FP32, and other than in here.
        self.register_buffer("freezing", torch.tensor(FREEZING_K), persistent=False)

    def forward(self, context: Tensor, future: Tensor) -> tuple[Tensor, Tensor]:
        known = filled(context[..., 0]) / THOUSAND
        days = known.reshape(-1, DAYS, DAY).transpose(1, 2)  # (N, DAY, DAYS), a row an hour ahead
        week = self.week(known)[:, None].expand(-1, HORIZON, -1)
        steps = self.steps.expand(len(week), -1, -1)
        told = torch.cat(
            [days, week, steps, calendar(future), weather(future, self.freezing)], dim=2
        )
        answer = days.mean(dim=2, keepdim=True) + self.hours(told)
        ordered = torch.sort(answer[..., 1:], dim=2).values  # margins are fitted to ordered ones
        bands = torch.sort(ordered + self.margins, dim=2).values
        return (
            (answer[..., :1] * THOUSAND).clamp(min=0),
            (bands * THOUSAND).clamp(min=0)[:, :, None],
        )


def filled(volumes: Tensor) -> Tensor:
    """Volumes (N, CONTEXT) with the mean of the same hour on other days where they are below 0."""
    known = (volumes >= 0).to(volumes.dtype)
    days = (volumes * known).reshape(-1, DAYS, DAY)
    counts = known.reshape(-1, DAYS, DAY)
    everywhere = days.sum(dim=(1, 2)) / counts.sum(dim=(1, 2)).clamp(min=1)
    hour = days.sum(dim=1) / counts.sum(dim=1).clamp(min=1)
    any_known = (counts.sum(dim=1) > 0).to(volumes.dtype)
    hour = any_known * hour + (1 - any_known) * everywhere[:, None]
    return (days + (1 - counts) * hour[:, None]).reshape(-1, CONTEXT)


def calendar(future: Tensor) -> Tensor:
    """Hour, weekday, hour of the week and hour of a holiday, one number each (N, HORIZON, ...)."""
    hours = torch.arange(DAY, dtype=future.dtype)
    weekdays = torch.arange(_WEEKDAYS, dtype=future.dtype)
    hour = (future[..., 0:1].round() == hours).to(future.dtype)
    weekday = (future[..., 1:2].round() == weekdays).to(future.dtype)
    both = (weekday[..., :, None] * hour[..., None, :]).flatten(2)
    return torch.cat([hour, weekday, both, hour * future[..., 2:3]], dim=2)


def weather(future: Tensor, freezing: Tensor) -> Tensor:
    """Temperature, rain, snow and clouds, each about 1 in size."""
    temperature = (future[..., 3:4] - freezing) / DEGREES
    wet = torch.log1p(future[..., 4:6].clamp(min=0))
    return torch.cat([temperature, wet, future[..., 6:7] / 100], dim=2)
