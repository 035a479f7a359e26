"""Staff, as a manager uses the pages about them: somebody is added, is put in charge, leaves, and
hands over."""

from harness import CONF
from harness.person import DeskTest, PhoneTest, open_browser

setUpModule = open_browser

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
to = staff
by = email
"""
WORDS = {"ready/en.email": "Subject: Ready\n\nCall {{client.name}}.\n"}
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 2
ROWS = f"""
INSERT INTO client (id, name, phone) VALUES (1, 'Ilze Ozola', '+37120000001');
INSERT INTO staff (id, name, email, phone, department, manager_id, active) VALUES
    (1, 'Zane Kalniņa', 'zane@example.com', '+37120000002', 'Desk', NULL, 1),
    (2, 'Mikus Bērziņš', 'mikus@example.com', NULL, 'Workshop', 1, 1),
    (3, 'מרים לוי', NULL, NULL, 'Workshop', 1, 1),
    (4, '{LONG}', '{LONG}@example.com', '+37120000003', '{LONG}', 1, 1),
    (5, 'Juris Gone', NULL, NULL, NULL, NULL, 0);
INSERT INTO job (client_id, stage, title, staff_id) VALUES (1, 'New', 'Volvo', 2),
    (1, 'Ready', 'Saab', 2), (1, 'New', 'Opel', 1);
INSERT INTO appointment (client_id, starts, title, staff_id) VALUES
    (1, '2026-12-15T15:00', 'Tyres', 2);
"""


class Staff:
    conf, playbook, templates, rows = CONF, PLAYBOOK, WORDS, ROWS
    users = ("anna:manager", "sam:staff")

    def test_somebody_is_added_and_mistakes_are_told_at_their_fields(self):
        self.sign_in()
        self.press("Staff")
        self.heading("Staff")
        self.look("staff")
        self.press("Add somebody")
        self.look("staff-new")
        self.write("Name", f"Pēteris {self.width}")
        self.write("Time zone", "Europe/Rig")
        self.press("Save")
        self.see_at("Time zone", "did you mean Europe/Riga?")
        self.look("staff-wrong")
        self.assertEqual(self.value("Name"), f"Pēteris {self.width}")
        self.write("Time zone", "")
        self.write("E-mail", "peteris@example.com")
        self.write("Department", "Workshop")
        self.choose("Manager", "Zane Kalniņa")
        self.press("Save")
        self.see("Added. Now jobs and appointments can be given to them.")
        self.heading(f"Pēteris {self.width}")
        self.look("staff-added")
        row, = self.shop.query("SELECT * FROM staff WHERE name = ?", f"Pēteris {self.width}")
        self.assertEqual([row[k] for k in ("email", "department", "manager_id", "active")],
                         ["peteris@example.com", "Workshop", 1, 1])

    def test_somebody_is_added_without_scripts(self):
        self.without_scripts()
        self.sign_in()
        self.press("Staff")
        self.press("Add somebody")
        self.write("Name", f"Anete {self.width}")
        self.choose("Language", "Latvian")
        self.press("Save")
        self.see("Added. Now jobs and appointments can be given to them.")
        self.see("Latvian", "section[aria-labelledby=about]")

    def test_who_leaves_hands_over(self):
        self.sign_in()
        self.press("Staff")
        self.press("Mikus Bērziņš")
        self.see("Volvo", "section[aria-labelledby=jobs]")
        self.see("Tyres", "section[aria-labelledby=appointments]")
        self.look("staff-member")
        self.press("Edit details")
        self.choose("Works here", "no, has left")
        self.press("Save")
        self.see_at("Who takes over", "Still in charge of 2 open jobs · 1 coming appointment")
        self.look("staff-leaves")
        self.choose("Who takes over", "Zane Kalniņa")
        self.press("Save")
        self.see("Saved. All that was open is handed over.")
        self.look("staff-left")
        rows = self.shop.query("SELECT DISTINCT staff_id FROM job")
        self.assertEqual([r["staff_id"] for r in rows], [1])

    def test_names_in_any_direction_and_of_any_length_are_shown_right(self):
        self.sign_in("sam")
        self.press("Staff")
        self.press(LONG)
        self.look("staff-long")
        self.press("Staff")
        self.press("מרים לוי")
        self.see("no message reaches them")
        self.look("staff-rtl")


class StaffOnADesk(Staff, DeskTest):
    pass


class StaffOnAPhone(Staff, PhoneTest):
    pass
