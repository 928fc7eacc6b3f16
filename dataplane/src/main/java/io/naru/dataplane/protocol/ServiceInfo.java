package io.naru.dataplane.protocol;

/**
 * What the directory of the cnc file says about a service.
 *
 * @param id index of its statistics.
 * @param retired it is no longer configured, and its id is kept only until its last flow is gone.
 */
public record ServiceInfo(int id, boolean retired, ServiceSpec spec) {}
