package io.naru.dataplane.doctor;

import java.util.Set;

/**
 * Drivers that run XDP programs themselves, for kernels before 6.3, where they can't be asked.
 *
 * <p>By the names that ETHTOOL_GDRVINFO gives them; from the sources of Linux 6.2, those with an
 * XDP_SETUP_PROG in their ndo_bpf.
 */
final class NativeDrivers {
    static final Set<String> NAMES =
            Set.of(
                    "atlantic",
                    "bnxt_en",
                    "ena",
                    "fsl_dpaa2_eth",
                    "fsl_enetc",
                    "hv_netvsc",
                    "i40e",
                    "ice",
                    "igb",
                    "igc",
                    "ixgbe",
                    "ixgbevf",
                    "mlx4_en",
                    "mlx5_core",
                    "mvneta",
                    "mvpp2",
                    "netsec",
                    "nfp",
                    "nicvf",
                    "qede",
                    "sfc",
                    "st_gmac",
                    "tun",
                    "veth",
                    "virtio_net");

    private NativeDrivers() {}
}
