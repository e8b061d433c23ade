/** Service schemas from descriptors: methods, streaming types and HTTP rules. */
@NullMarked
package dev.holdfast.transcoding.schema;

import org.jspecify.annotations.NullMarked;
