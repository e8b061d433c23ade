/**
 * Channels and servers of Micronaut that follow a registry. {@code holdfast.enabled: false} leaves
 * them to Micronaut.
 */
@Configuration
@Requires(property = "holdfast.enabled", notEquals = StringUtils.FALSE)
@NullMarked
package dev.holdfast.micronaut;

import io.micronaut.context.annotation.Configuration;
import io.micronaut.context.annotation.Requires;
import io.micronaut.core.util.StringUtils;
import org.jspecify.annotations.NullMarked;
