/** What the services behind a gateway look like: from their reflection, or from files. */
@NullMarked
package dev.holdfast.gateway.schema;

import org.jspecify.annotations.NullMarked;
