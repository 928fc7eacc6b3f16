/** What is to be done with packets: services and backends as an immutable snapshot. */
package io.naru.dataplane.service;
