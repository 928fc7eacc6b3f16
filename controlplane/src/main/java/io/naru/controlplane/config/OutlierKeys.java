package io.naru.controlplane.config;

import java.time.Duration;
import java.util.List;

/** The keys of outlier rules, and the record that they make. */
final class OutlierKeys {
    static final Key<OutlierRules, OnOff> DETECT =
            Key.<OutlierRules, OnOff>of(
                            "detect",
                            Types.choice(OnOff.class),
                            "Whether outliers are looked for; on when any other key is given.")
                    .defaultsTo(OnOff.ON)
                    .defaultText("on, where 'outliers' is given")
                    .example("on");
    static final Key<OutlierRules, Integer> FAILURES =
            Key.<OutlierRules, Integer>of(
                            "failures",
                            Types.wholeNumber(1, 100_000),
                            "Openings that were refused or not answered in the interval before a"
                                    + " backend can be ejected.")
                    .component(OutlierRules::failures)
                    .defaultsTo(OutlierRules.DEFAULT.failures())
                    .example("5");
    static final Key<OutlierRules, Integer> SHARE =
            Key.<OutlierRules, Integer>of(
                            "share",
                            Types.percent(1),
                            "The part of all its openings in the interval that these must be.")
                    .component(OutlierRules::sharePercent)
                    .defaultsTo(OutlierRules.DEFAULT.sharePercent())
                    .example("50%");
    static final Key<OutlierRules, Duration> INTERVAL =
            Key.<OutlierRules, Duration>of(
                            "interval",
                            Types.duration(Duration.ofSeconds(1), Duration.ofMinutes(5)),
                            "How far back openings are counted; they are looked at every second.")
                    .component(OutlierRules::interval)
                    .defaultsTo(OutlierRules.DEFAULT.interval())
                    .example("10s");
    static final Key<OutlierRules, Duration> EJECT =
            Key.<OutlierRules, Duration>of(
                            "eject",
                            Types.duration(Duration.ofSeconds(1), Duration.ofHours(1)),
                            "How long a backend gets no new flows the first time; the second time"
                                    + " in a row it is twice as long, and so on up to ten times.")
                    .component(OutlierRules::eject)
                    .defaultsTo(OutlierRules.DEFAULT.eject())
                    .example("30s");
    static final Key<OutlierRules, Integer> MAX_EJECTED =
            Key.<OutlierRules, Integer>of(
                            "max-ejected",
                            Types.percent(1),
                            "The part of the pool's backends that may be ejected at once, but one"
                                    + " at least, and never the last that is up.")
                    .component(OutlierRules::maxEjectedPercent)
                    .defaultsTo(OutlierRules.DEFAULT.maxEjectedPercent())
                    .example("30%");
    static final ObjectType<OutlierRules> OUTLIERS =
            new ObjectType<>(
                    "outlier rules",
                    "Backends whose connections do not open, as passing packets tell (modes nat"
                            + " and full-nat), are taken out for a while. 'on' or 'off' alone is"
                            + " enough.",
                    List.of(DETECT, FAILURES, SHARE, INTERVAL, EJECT, MAX_EJECTED),
                    new KeyShorthand<>(DETECT));

    private OutlierKeys() {}

    /** Null where outliers are not looked for. */
    static OutlierRules assemble(final Section section) {
        if (section == null || section.orDefault(DETECT) == OnOff.OFF) {
            return null;
        }

        return new OutlierRules(
                section.orDefault(FAILURES),
                section.orDefault(SHARE),
                section.orDefault(INTERVAL),
                section.orDefault(EJECT),
                section.orDefault(MAX_EJECTED));
    }
}
