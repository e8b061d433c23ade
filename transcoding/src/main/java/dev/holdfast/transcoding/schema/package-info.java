/** What services there are, from descriptors: their methods, shapes and HTTP rules. */
@NullMarked
package dev.holdfast.transcoding.schema;

import org.jspecify.annotations.NullMarked;
