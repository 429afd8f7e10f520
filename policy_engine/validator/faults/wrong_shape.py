"""
wrong-shape: a text does not have the form that its place takes.

Avoid:
    rules:
      - name: by-day
        when: {time: {between: 9-17, zone: Europe/Berlin}}
        then: {route: workhorse}
Prefer:
    rules:
      - name: by-day
        when: {time: {between: "09:00-17:00", zone: Europe/Berlin}}
        then: {route: workhorse}
Why:
    Times, dates, time zones, paths and addresses are text of a fixed form, so that each can be read in one way only.
"""

CODE = "PE212"
NAME = "wrong-shape"
