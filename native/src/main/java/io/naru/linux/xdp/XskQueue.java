package io.naru.linux.xdp;

/**
 * A queue of an interface.
 *
 * @param interfaceIndex the kernel's number of it.
 * @param queue from 0.
 */
public record XskQueue(String interfaceName, int interfaceIndex, int queue) {
    @Override
    public String toString() {
        return interfaceName + " queue " + queue;
    }
}
