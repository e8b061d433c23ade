/** The admin page of a gateway, its numbers for Prometheus, and its checks. */
@NullMarked
package dev.holdfast.gateway.admin;

import org.jspecify.annotations.NullMarked;
