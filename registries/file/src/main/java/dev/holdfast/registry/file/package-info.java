/** A registry kept in one directory, one readable file per instance. */
@NullMarked
package dev.holdfast.registry.file;

import org.jspecify.annotations.NullMarked;
