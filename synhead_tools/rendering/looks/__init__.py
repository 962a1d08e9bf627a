"""How frames look: named, seeded randomisations. `table` lists them; each is one file and one line there."""
