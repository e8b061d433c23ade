/** A registry over any DiscoveryClient of Spring Cloud. */
@NullMarked
package dev.holdfast.spring.boot.starter.discovery;

import org.jspecify.annotations.NullMarked;
