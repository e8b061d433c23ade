/**
 * Upstream clusters: live endpoint lists, connection pools, load balancing, outlier detection and
 * retry budgets.
 */
@NullMarked
package dev.holdfast.gateway.cluster;

import org.jspecify.annotations.NullMarked;
