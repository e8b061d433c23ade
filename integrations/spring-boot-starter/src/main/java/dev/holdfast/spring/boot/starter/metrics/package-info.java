/** gRPC's own metrics of the channels and servers of an application. */
@NullMarked
package dev.holdfast.spring.boot.starter.metrics;

import org.jspecify.annotations.NullMarked;
