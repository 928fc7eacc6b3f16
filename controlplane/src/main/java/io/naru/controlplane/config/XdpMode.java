package io.naru.controlplane.config;

/** How the XDP program is attached to an interface. */
public enum XdpMode {
    /** Native where the driver has it, else generic. */
    AUTO,
    /** In the driver; refused at start where the driver can't. */
    NATIVE,
    /** After the kernel's receive path: every driver, slower. */
    GENERIC
}
