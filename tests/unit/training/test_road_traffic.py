"""The road: hours merged, gaps kept, and instruments that failed."""

from datetime import datetime

import numpy as np
import pytest

from training.datasets import road_traffic
from training.datasets.archives import ArchiveError

HEADER = (
    "holiday,temp,rain_1h,snow_1h,clouds_all,weather_main,weather_description,date_time,"
    "traffic_volume"
)
TEXT = f"""{HEADER}
None,288.0,0.0,0.0,40,Clouds,scattered clouds,2012-10-07 23:00:00,1000
Columbus Day,289.0,0.0,0.0,20,Mist,mist,2012-10-08 00:00:00,500
Columbus Day,289.0,2.0,0.0,60,Rain,light rain,2012-10-08 00:00:00,500
None,0.0,9831.3,0.0,80,Rain,heavy rain,2012-10-08 03:00:00,700
"""
HOUR, WEEKDAY, HOLIDAY, TEMPERATURE, RAIN, SNOW, CLOUDS = range(7)


def test_rows_of_one_hour_are_merged_and_hours_without_one_stay_gaps() -> None:
    traffic = road_traffic.parse(TEXT)
    assert traffic.start == datetime(2012, 10, 7, 23)
    np.testing.assert_array_equal(traffic.volume, [1000, 500, np.nan, np.nan, 700])
    assert (traffic.rows, traffic.missing) == (4, 2)
    assert traffic.covariates[1, RAIN] == 1.0
    assert traffic.covariates[1, CLOUDS] == 40.0


def test_holiday_named_at_midnight_lasts_all_day() -> None:
    traffic = road_traffic.parse(TEXT)
    assert traffic.covariates[:, HOLIDAY].tolist() == [0, 1, 1, 1, 1]
    assert traffic.covariates[:, HOUR].tolist() == [23, 0, 1, 2, 3]
    assert traffic.covariates[:, WEEKDAY].tolist() == [6, 0, 0, 0, 0]


def test_weather_that_cannot_be_is_as_it_was_before() -> None:
    traffic = road_traffic.parse(TEXT)
    assert traffic.covariates[:, TEMPERATURE].tolist() == [288, 289, 289, 289, 289]
    assert traffic.covariates[:, RAIN].tolist() == [0, 1, 1, 1, 1]


def test_weather_not_known_at_first_is_as_it_was_known_first() -> None:
    broken = TEXT.replace("None,288.0", "None,0.0")
    assert road_traffic.parse(broken).covariates[0, TEMPERATURE] == 289


def test_other_columns_are_refused() -> None:
    with pytest.raises(ArchiveError, match=r"has columns \['holiday', 'heat'"):
        road_traffic.parse(TEXT.replace("temp", "heat"))
