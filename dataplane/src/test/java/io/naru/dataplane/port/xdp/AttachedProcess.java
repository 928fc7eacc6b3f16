package io.naru.dataplane.port.xdp;

/** A process that attaches and then does nothing until it is killed. */
final class AttachedProcess {
    static final String ATTACHED = "attached";

    private AttachedProcess() {}

    public static void main(final String[] arguments) throws Exception {
        try (XdpEdge edge = XdpEdge.open(EdgeSite.settings())) {
            edge.filter().add(EdgeSite.RULES);
            edge.attach();
            System.out.println(ATTACHED);
            Thread.currentThread().join();
        }
    }
}
