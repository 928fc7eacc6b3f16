package io.naru.controlplane.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "999, 999",
        "1000, 1.00k",
        "12345, 12.3k",
        "999499, 999k",
        "999500, 1.00M",
        "4560000, 4.56M",
        "99950000, 100M",
        "9223372036854775807, 9.22E"
    })
    void shouldKeepThreeDigitsOfACount(final long value, final String expected) {
        assertEquals(expected, Units.count(value));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 bit/s",
        "0.5, 0.5 bit/s",
        "850, 850 bit/s",
        "1500, 1.50 kbit/s",
        "9412345678, 9.41 Gbit/s"
    })
    void shouldPutThePrefixBeforeTheUnit(final double value, final String expected) {
        assertEquals(expected, Units.bitsPerSecond(value));
    }

    @ParameterizedTest
    @CsvSource({
        "-5, 0ms",
        "350, 350ms",
        "1999, 1s",
        "59999, 59s",
        "60000, 1m",
        "192000, 3m12s",
        "3600000, 1h",
        "7440000, 2h4m",
        "446400000, 5d4h"
    })
    void shouldShowTheTwoLargestPartsOfADuration(final long millis, final String expected) {
        assertEquals(expected, Units.duration(millis));
    }
}
