package io.naru.controlplane.config;

/** A switch, where {@code on} and {@code off} read better than {@code true} and {@code false}. */
enum OnOff {
    ON,
    OFF
}
