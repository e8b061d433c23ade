/**
 * The dashboards of Grafana and the alert rules of Prometheus, generated from the enums of the
 * meters. {@code deploy/observability} has them, and {@code holdfast dashboards} writes them.
 */
@NullMarked
package dev.holdfast.cli.dashboards;

import org.jspecify.annotations.NullMarked;
