package io.naru.linux.ethtool;

/**
 * Layouts of {@code include/uapi/linux/ethtool.h} and of {@code struct ifreq} ({@code
 * include/uapi/linux/if.h}) that carries them.
 *
 * <pre>
 *  struct ifreq                         struct ethtool_drvinfo
 *  +--------------------------+         +------------------------------+
 *  |  Interface name (16)     |         |  Command (4)                 |
 *  +--------------------------+         +------------------------------+
 *  |  Address of the command  |         |  Driver (32)                 |
 *  |  structure (8)           |         |  Version (32)                |
 *  +--------------------------+         |  Firmware version (32)       |
 *  |  rest of the union (16)  |         |  Bus address (32)            |
 *  +--------------------------+         |  Expansion ROM version (32)  |
 *                                       |  reserved (12)               |
 *                                       |  5 counts of 4               |
 *                                       +------------------------------+
 *
 *  struct ethtool_ringparam (u32 each)  struct ethtool_channels (u32 each)
 *  +--------------------------+         +------------------------------+
 *  |  Command                 |         |  Command                     |
 *  |  Maxima: rx, mini,       |         |  Maxima: rx, tx, other,      |
 *  |          jumbo, tx       |         |          combined            |
 *  |  Set: rx, mini,          |         |  Set: rx, tx, other,         |
 *  |       jumbo, tx          |         |       combined               |
 *  +--------------------------+         +------------------------------+
 *
 *  struct ethtool_sset_info             struct ethtool_gstrings        struct ethtool_gfeatures
 *  +--------------------------+         +-------------------------+    +----------------------+
 *  |  Command (4)             |         |  Command (4)            |    |  Command (4)         |
 *  |  reserved (4)            |         |  Set (4)                |    |  Blocks (4)          |
 *  |  Mask of sets (8)        |         |  Length (4)             |    +----------------------+
 *  |  Length of each (4)      |         |  Names (32 each)        |    |  available    32 bits|
 *  +--------------------------+         +-------------------------+    |  requested    each,  |
 *                                                                      |  active       repeat-|
 *                                                                      |  never changed ed    |
 *                                                                      +----------------------+
 * </pre>
 */
final class EthtoolDescriptor {
    static final int NAME_LENGTH = 16;
    static final int DATA_OFFSET = 16;
    static final int REQUEST_LENGTH = 40;

    static final int DRIVER_OFFSET = 4;
    static final int VERSION_OFFSET = 36;
    static final int FIRMWARE_OFFSET = 68;
    static final int BUS_OFFSET = 100;
    static final int TEXT_LENGTH = 32;
    static final int DRIVER_INFO_LENGTH = 196;

    static final int RX_MAXIMUM_OFFSET = 4;
    static final int TX_RING_MAXIMUM_OFFSET = 16;
    static final int RX_RING_OFFSET = 20;
    static final int TX_RING_OFFSET = 32;
    static final int RINGS_LENGTH = 36;

    static final int TX_CHANNELS_MAXIMUM_OFFSET = 8;
    static final int COMBINED_MAXIMUM_OFFSET = 16;
    static final int RX_CHANNELS_OFFSET = 20;
    static final int TX_CHANNELS_OFFSET = 24;
    static final int COMBINED_OFFSET = 32;
    static final int CHANNELS_LENGTH = 36;

    static final int SET_MASK_OFFSET = 8;
    static final int SET_SIZE_OFFSET = 16;
    static final int SET_INFO_LENGTH = 20;

    static final int STRINGS_SET_OFFSET = 4;
    static final int STRINGS_COUNT_OFFSET = 8;
    static final int STRINGS_OFFSET = 12;

    static final int FEATURES_COUNT_OFFSET = 4;
    static final int FEATURES_OFFSET = 8;
    static final int FEATURES_BLOCK_LENGTH = 16;
    static final int FEATURES_AVAILABLE_OFFSET = 0;
    static final int FEATURES_ACTIVE_OFFSET = 8;
    static final int FEATURES_NEVER_CHANGED_OFFSET = 12;

    // include/uapi/linux/sockios.h
    static final int SIOCETHTOOL = 0x8946;

    static final int ETHTOOL_GDRVINFO = 0x3;
    static final int ETHTOOL_GRINGPARAM = 0x10;
    static final int ETHTOOL_GSTRINGS = 0x1b;
    static final int ETHTOOL_GSSET_INFO = 0x37;
    static final int ETHTOOL_GFEATURES = 0x3a;
    static final int ETHTOOL_GCHANNELS = 0x3c;

    static final int ETH_SS_FEATURES = 4;

    private EthtoolDescriptor() {}
}
