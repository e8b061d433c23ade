/** What calls do, counted as they go: the numbers behind /metrics, the admin page and the log. */
@NullMarked
package dev.holdfast.gateway.traffic;

import org.jspecify.annotations.NullMarked;
