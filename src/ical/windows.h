/*
 * Zone names of Windows, Outlook and Exchange, and what the rest of the world calls them. Facts:
 * the zones of Windows, as Unicode's CLDR maps them, for the world as a whole ("001").
 */
#ifndef ICAL_WINDOWS_H
#define ICAL_WINDOWS_H

/* The IANA name for "FLE Standard Time" or "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn,
 * Vilnius", in any case of letters; NULL when it is neither. */
const char *windows_zone(const char *name);

#endif
