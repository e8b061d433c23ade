/** Certificates and keys in files: read in every form there is, and again when they change. */
@NullMarked
package dev.holdfast.core.tls;

import org.jspecify.annotations.NullMarked;
