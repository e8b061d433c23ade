/** Schemas of the services behind a gateway, from server reflection or descriptor sets. */
@NullMarked
package dev.holdfast.gateway.schema;

import org.jspecify.annotations.NullMarked;
