/** What a server process of one's own on this machine needs, for demos and tests. */
@NullMarked
package dev.holdfast.core.local;

import org.jspecify.annotations.NullMarked;
