"""The pages about staff: who is in charge of what, adding and changing them, handing over."""

import re
from html import unescape

from harness import CONF, ShopTest
from test_board import fields_of, text_of
from web_browser import PASSWORD, Browser, free_port

PLAYBOOK = """
[workflow repair]
stages = New, Ready, Collected
done = Collected

[rule ready]
on = job enters Ready
to = staff
by = email

[rule told]
on = job enters Ready
to = manager
by = email
"""
WORDS = {"ready/en.email": "Subject: Ready\n\n{{staff.name}}, call {{client.name}}.\n",
         "told/en.email": "Subject: Ready\n\nFor {{client.name}}.\n"}
EVIL = "<script>alert('x')</script> \"& Söhne"


class StaffPage(ShopTest):
    def setUp(self):
        self.port = free_port()
        conf = CONF + f"\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        self.its = self.shop(conf=conf, playbook=PLAYBOOK, templates=WORDS)
        for name, role in (("anna", "manager"), ("sam", "staff"), ("rita", "reader")):
            self.its.run("user", "add", name, "--role", role, stdin=PASSWORD + "\n")
        self.its.sql("INSERT INTO client (id, name, email) VALUES (1, 'Ilze', 'i@example.com');")
        self.its.start()
        self.anna = Browser(self.port).sign_in("anna")

    def fill(self, path, page=None, **typed):
        """Send the form of a page (as it was answered, if given) with these fields typed in."""
        page = page or self.anna.get(path).text
        return self.anna.post(path, {**fields_of(page, path), **typed})

    def staff(self):
        return self.its.query("SELECT * FROM staff ORDER BY id")

    def add(self, name, **typed):
        answer = self.fill("/staff/new", name=name, **typed)
        self.assertEqual(answer.status, 303, answer.text)
        return int(re.search(r"/staff/(\d+)\?said=staff-added$", answer.location)[1])

    def text(self, path):
        return unescape(text_of(self.anna.get(path).text))

    def test_who_is_added_is_offered_is_told_and_so_is_their_manager(self):
        job = "/jobs/new?client=1"
        self.assertIn("Nobody can be put in charge yet", self.anna.get(job).text)
        self.assertIn('href="/staff/new"', self.anna.get(job).text)
        self.assertIn("Nobody is here yet.", self.text("/staff"))
        boss = self.add("Zane", email="zane@example.com", department="Desk")
        self.assertIn('<option value="Desk">', self.anna.get("/staff/new").text)
        mikus = self.add("Mikus", email="mikus@example.com", phone="20000001", language="lv",
                         department="Workshop", manager=str(boss), timezone="Asia/Almaty")
        row = self.staff()[1]
        self.assertEqual([row[k] for k in ("name", "phone", "language", "department", "manager_id",
                                           "timezone", "active", "ref")],
                         ["Mikus", "20000001", "lv", "Workshop", boss, "Asia/Almaty", 1, None])
        self.assertNotIn("Nobody can be put in charge yet", self.anna.get(job).text)
        self.assertIn(f'<option value="{mikus}">Mikus', self.anna.get(job).text)
        self.its.sql(f"INSERT INTO job (client_id, stage, staff_id) VALUES (1, 'Ready', {mikus});")
        self.assertEqual(self.its.wait_message(rule="ready", state="sent")["to"],
                         "mikus@example.com")
        self.assertEqual(self.its.wait_message(rule="told", state="sent")["to"],
                         "zane@example.com")
        found = self.text("/staff")
        self.assertRegex(found, r"Mikus\s+Workshop · mikus@example.com · 20000001 · manager: Zane"
                                r"\s+1 open job")
        self.assertIn("In charge of nothing at present.", found)
        self.assertIn("anna added this member of staff", self.text(f"/staff/{mikus}"))

    def test_what_could_not_be_used_is_refused_at_its_field_and_nothing_typed_is_lost(self):
        boss = self.add("Zane")
        below = self.add("Mikus", manager=str(boss))
        path = f"/staff/{boss}/edit"
        self.assertNotIn(">Mikus</option>", self.anna.get(path).text)
        for name, value, words in (
            ("name", " ", "write it here"),
            ("name", "x" * 501, "At most 500 characters"),
            ("email", "zane@", "aria-invalid"),
            ("phone", "12", "aria-invalid"),
            ("department", "a\tb", "one line of text"),
            ("timezone", "Europe/Rig", "did you mean Europe/Riga?"),
            ("language", "xx-yy-zz-1", "There is no such language"),
            ("manager", str(boss), "Nobody manages themselves"),
            ("manager", str(below), "Nobody manages themselves"),
            ("manager", "77", "Nobody manages themselves"),
            ("manager", "1 OR 1", "Nobody manages themselves"),
            ("active", "maybe", "Choose one of these"),
        ):
            typed = {"department": "kept as it was", name: value}
            answer = self.fill(path, **typed)
            self.assertEqual(answer.status, 400, name)
            self.assertIn(words, answer.text)
            self.assertIn(f'aria-describedby="{name}-problem', answer.text)
            self.assertIn(f'<a href="#{name}">', answer.text)
            if name != "department":
                self.assertIn("kept as it was", answer.text)
        self.assertEqual([r["department"] for r in self.staff()], [None, None])

    def test_what_somebody_else_wrote_meanwhile_is_shown_and_not_overwritten(self):
        boss, mikus = self.add("Zane"), self.add("Mikus", email="old@example.com")
        path = f"/staff/{mikus}/edit"
        page = self.anna.get(path).text
        self.its.sql(f"UPDATE staff SET email = 'new@example.com', manager_id = {boss} "
                     f"WHERE id = {mikus};")
        self.fill(path, page, department="Workshop")  # has not touched the address
        row = self.staff()[1]
        self.assertEqual([row[k] for k in ("email", "manager_id", "department")],
                         ["new@example.com", boss, "Workshop"])
        page = self.anna.get(path).text
        other = self.add("Juris")
        self.its.sql(f"UPDATE staff SET manager_id = {other} WHERE id = {mikus};")
        answer = self.fill(path, page, manager="", department="Desk")
        self.assertEqual(answer.status, 400)
        self.assertIn("there it says now: Juris", answer.text)
        self.assertEqual(self.staff()[1]["department"], "Workshop")
        self.assertEqual(self.fill(path, answer.text).status, 303)
        self.assertIsNone(self.staff()[1]["manager_id"])
        self.assertIn("anna changed this entry: Department, Manager", self.text(f"/staff/{mikus}"))

    def leaving(self):
        zane, mikus = self.add("Zane", email="z@example.com"), self.add("Mikus")
        self.its.sql(f"""
            INSERT INTO job (id, client_id, stage, title, staff_id) VALUES
                (1, 1, 'New', 'Volvo', {mikus}), (2, 1, 'Collected', 'Saab', {mikus}),
                (3, 1, 'New', 'Opel', {zane}), (4, 1, 'New', 'Lada', {mikus});
            INSERT INTO appointment (id, client_id, starts, title, staff_id) VALUES
                (1, 1, date('now', '+9 days') || 'T15:00', 'Tyres', {mikus}),
                (2, 1, date('now', '-9 days') || 'T15:00', 'Oil', {mikus});
            INSERT INTO task (id, staff_id, text, created_ms) VALUES (1, {mikus}, 'Call', 1000);
        """)
        self.its.wait_absorbed()
        return zane, mikus

    def test_who_leaves_hands_over_what_is_open_and_nothing_else(self):
        zane, mikus = self.leaving()
        path = f"/staff/{mikus}/edit"
        held = "2 open jobs · 1 coming appointment · 1 open task"
        page = self.text(f"/staff/{mikus}")
        self.assertIn(held, self.text("/staff"))
        for words in ("Volvo", "Lada", "Tyres", "Call"):
            self.assertIn(words, page)
        for words in ("Saab", "Opel", "Oil"):
            self.assertNotIn(words, page)
        asked = self.fill(path, active="no")
        self.assertEqual(asked.status, 400)
        self.assertIn(f"Still in charge of {held}: say who takes over.", asked.text)
        self.assertIn(f'href="/staff/{mikus}"', asked.text)
        for wrong in (str(mikus), "77", "x"):
            answer = self.fill(path, asked.text, handover=wrong)
            self.assertEqual(answer.status, 400, wrong)
            self.assertIn("Choose one of these.", answer.text)
        self.assertEqual(self.staff()[1]["active"], 1)
        answer = self.fill(path, asked.text, handover=str(zane))
        self.assertEqual(answer.location, f"/staff/{mikus}?said=handed-over")
        self.assertEqual(self.staff()[1]["active"], 0)
        for table, rows in (("job", [(1, zane), (2, mikus), (3, zane), (4, zane)]),
                            ("appointment", [(1, zane), (2, mikus)]), ("task", [(1, zane)])):
            found = self.its.query(f"SELECT id, staff_id FROM {table} ORDER BY id")
            self.assertEqual([(r["id"], r["staff_id"]) for r in found], rows, table)
        self.assertIn("anna handed over what was open here to Zane", self.text(f"/staff/{mikus}"))
        for path in ("/jobs/1", "/appointments/1"):
            self.assertRegex(self.text(path), r"In charge: Zane")
        self.assertNotIn("anna changed", self.text("/jobs/3"))
        self.assertNotIn(">Mikus</option>", self.anna.get("/jobs/new?client=1").text)

    def test_it_can_be_left_and_handed_over_later(self):
        zane, mikus = self.leaving()
        path = f"/staff/{mikus}/edit"
        asked = self.fill(path, active="no")
        self.assertEqual(self.fill(path, asked.text, handover="leave").status, 303)
        rows = self.its.query("SELECT staff_id FROM job WHERE id IN (1, 4)")
        self.assertEqual([r["staff_id"] for r in rows], [mikus, mikus])
        self.assertIn("2 open jobs", self.text("/staff"))
        self.assertEqual(self.fill(path, handover=str(zane)).status, 303)
        self.assertEqual(self.its.query("SELECT id FROM job WHERE staff_id = ? AND id IN (1, 4)",
                                        mikus), [])

    def test_who_is_in_charge_of_nothing_leaves_without_a_question_and_comes_back(self):
        mikus = self.add("Mikus")
        path = f"/staff/{mikus}/edit"
        self.assertEqual(self.fill(path, active="no").status, 303)
        self.assertEqual(self.staff()[0]["active"], 0)
        self.assertEqual(self.fill(path, active="yes").status, 303)
        self.assertEqual(self.staff()[0]["active"], 1)

    def test_names_are_never_taken_for_a_page(self):
        staff = self.add(EVIL, department=EVIL)
        self.add("Mikus", manager=str(staff))
        for path in ("/staff", f"/staff/{staff}", f"/staff/{staff}/edit", "/staff/new",
                     f"/staff/{staff + 1}"):
            page = self.anna.get(path)
            self.assertEqual(page.status, 200)
            self.assertNotIn("<script>alert", page.text)

    def test_staff_read_it_managers_write_it_and_readers_see_no_numbers(self):
        mikus = self.add("Mikus", phone="20000001")
        sam, rita = Browser(self.port).sign_in("sam"), Browser(self.port).sign_in("rita")
        self.assertIn("20000001", sam.get("/staff").text)
        self.assertNotIn("/edit", sam.get(f"/staff/{mikus}").text)
        self.assertNotIn("/staff/new", sam.get("/staff").text)
        self.assertEqual(sam.get("/staff/new").status, 403)
        self.assertEqual(sam.post(f"/staff/{mikus}/edit",
                                  {"token": sam.token(), "name": "x"}).status, 403)
        self.assertEqual(rita.get("/staff").status, 403)
        self.assertNotIn("/staff", rita.get("/").text)
        self.assertEqual(self.anna.get("/staff/77").status, 404)
        self.assertEqual(self.anna.get("/staff/77/edit").status, 404)
        self.assertEqual([r["name"] for r in self.staff()], ["Mikus"])


if __name__ == "__main__":
    import unittest

    unittest.main()
